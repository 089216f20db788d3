"""Whether content is made to fit a schema that only the schema itself tells."""

from collections.abc import Sequence
from random import Random
from typing import Any

from model_lineup.probes import chance as drawn
from model_lineup.probes.contract import Finding, Trial, no, undecided, yes
from model_lineup.probes.each.json_mode import BOUND, content_of
from model_lineup.probes.heard import Heard


class StrictSchemaProbe:
    name = "strict_schema"
    label = "Strict schema"
    about = (
        "Asks about the sea with `response_format: json_schema`, strict. The keys and the words that are allowed stand "
        "in the schema alone. Proven if the content of the message fits it; anything else that was taken is a no."
    )
    fact: str | None = "supports_structured_output"
    named_by = r"response_?format|json_?schema|structured[ _-]?outputs?|\bschema\b"
    may_think = True

    def trials(self, chance: Random) -> Sequence[Trial]:
        key, *marks = drawn.words(chance, 4)
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {key: {"type": "string", "enum": marks}, "deep": {"type": "boolean"}},
            "required": [key, "deep"],
            "additionalProperties": False,
        }
        wanted = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
        body = {
            "messages": [{"role": "user", "content": "Is the sea deep? Answer in one sentence."}],
            "response_format": wanted,
            "max_tokens": BOUND,
        }
        return [Trial(body, "A question, and a strict schema of which the question tells nothing.", (key, marks))]

    def judge(self, trial: Trial, heard: Heard) -> Finding:
        key, marks = trial.expected
        if heard.was_cut:
            return undecided("The tokens ended before the answer did.")
        value = content_of(heard)
        if isinstance(value, Finding):
            return value
        if not isinstance(value, dict) or value.keys() != {key, "deep"}:
            return no("The request was taken, but the content does not have the keys of the schema.")
        if value[key] not in marks or not isinstance(value["deep"], bool):
            return no("The request was taken, but the content has values that the schema does not allow.")
        return yes("The content fits the schema.")


PROBE = StrictSchemaProbe()
