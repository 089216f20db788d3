"""Whether JSON mode makes the whole content a JSON object."""

from collections.abc import Sequence
from random import Random

import msgspec

from model_lineup.probes import chance as drawn
from model_lineup.probes.contract import Finding, Trial, no, undecided, yes
from model_lineup.probes.heard import Heard

BOUND = 128


class JsonModeProbe:
    name = "json_mode"
    label = "JSON mode"
    about = (
        "Asks for a sentence and the same as JSON, with `response_format: json_object`. Proven if the content as a "
        "whole is a JSON object that holds a word drawn for this request; prose around it is a no."
    )
    fact: str | None = "supports_json_mode"
    named_by = r"response_?format|\bjson(_object| mode|-mode)?\b"
    may_think = True

    def trials(self, chance: Random) -> Sequence[Trial]:
        """Without JSON mode the answer to this begins with prose."""
        mark = drawn.word(chance)
        question = (
            f"First describe the sea in one short sentence of plain words. Then give the same as JSON with the keys "
            f'"sea" and "mark"; the value of "mark" is "{mark}".'
        )
        body = {
            "messages": [{"role": "user", "content": question}],
            "response_format": {"type": "json_object"},
            "max_tokens": BOUND,
        }
        return [Trial(body, "JSON mode, and a question whose answer would begin with prose.", mark)]

    def judge(self, trial: Trial, heard: Heard) -> Finding:
        if heard.was_cut:
            return undecided("The tokens ended before the answer did.")
        value = content_of(heard)
        if isinstance(value, Finding):
            return value
        if not isinstance(value, dict):
            return no("The content is JSON, but not an object.")
        if trial.expected not in heard.text:
            return undecided("The content is a JSON object, but not one that answers this request.")
        return yes("The content as a whole is a JSON object.")


def content_of(heard: Heard) -> object:
    """The JSON that the whole content is, or the finding that it is none."""
    if heard.refusal:
        return undecided("The model refused to answer.")
    if not heard.text.strip():
        return undecided("The answer has no content.")
    try:
        return msgspec.json.decode(heard.text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return no("The request was taken, but the content is no JSON.")


PROBE = JsonModeProbe()
