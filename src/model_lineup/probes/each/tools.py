"""Whether tools are called natively, with arguments that fit."""

import re
from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec

from model_lineup.probes import chance as drawn
from model_lineup.probes.contract import Finding, Trial, no, undecided, yes
from model_lineup.probes.heard import Heard

TOOL = "record_choice"
_WRITTEN_CALLS = ("<tool_call", "<function", "[tool_calls]", "<|tool", "<|python_tag|>", "functools[", '"tool_calls"')
BOUND = 192
"""A call and its name take more tokens than a word."""


class ToolsProbe:
    name = "tools"
    label = "Tools"
    about = (
        "Offers one tool and asks for its use. Proven by a native call of it whose arguments fit its schema; "
        "a call written into the text, or arguments that do not fit, are a no."
    )
    fact: str | None = "supports_tools"
    named_by = r"\btools?\b|tool[ _-]?(call|use|choice)|function[ _-]?call"
    may_think = True

    def trials(self, chance: Random) -> Sequence[Trial]:
        return [trial_of(chance, stream=False)]

    def judge(self, trial: Trial, heard: Heard) -> Finding:
        return judged(trial, heard)


def trial_of(chance: Random, *, stream: bool) -> Trial:
    """The choices stand in the schema alone; which one to take, and how often, in the question."""
    choices, count = drawn.words(chance, 3), chance.randrange(11, 90)
    wanted = chance.choice(choices)
    parameters = {
        "type": "object",
        "properties": {"choice": {"type": "string", "enum": choices}, "count": {"type": "integer"}},
        "required": ["choice", "count"],
        "additionalProperties": False,
    }
    description = "Records a choice and how often it was made."
    function = {"name": TOOL, "description": description, "parameters": parameters}
    question = f"Use the tool {TOOL} to record that {wanted!r} was chosen {count} times. Only call the tool."
    body: dict[str, Any] = {
        "messages": [{"role": "user", "content": question}],
        "tools": [{"type": "function", "function": function}],
        "max_tokens": BOUND,
    }
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    sent = f"One tool, {TOOL}(choice: one of 3 words, count: whole number), and the order to call it."
    return Trial(body, "In a stream. " + sent if stream else sent, (choices, wanted, count))


def judged(trial: Trial, heard: Heard) -> Finding:
    """The same for a plain answer and for a stream that was put together."""
    choices, wanted, count = trial.expected
    if heard.broken:
        return no(f"The call cannot be put together: {heard.broken}.")
    if not heard.calls:
        if heard.was_cut:
            return undecided("The tokens ended before a call came.")
        if is_written_call(heard.text, wanted):
            return no("The call was written into the text, where no program looks for it.")
        return undecided("The model answered in words and called nothing.")
    if heard.was_cut:
        return undecided("The tokens ended in the middle of the call.")
    for call in heard.calls:
        wrong = _misfit(call.name, call.arguments, choices)
        if wrong:
            return no(f"A native call came, but {wrong}.")
    first = msgspec.json.decode(heard.calls[0].arguments)
    as_told = first == {"choice": wanted, "count": count}
    reason = "A native call came, and its arguments fit the schema"
    return yes(f"{reason}{'' if as_told else ', though they are not the ones that were asked for'}.", as_told=as_told)


def is_written_call(text: str, wanted: str) -> bool:
    """Whether the text holds what ought to have been a native call; that the tool is explained is not enough."""
    plain = text.lower()
    if any(mark in plain for mark in _WRITTEN_CALLS):
        return True
    word = re.escape(wanted)
    return re.search(rf"\{{[^{{}}]*{word}[^{{}}]*\}}|{TOOL}\s*\([^()]*{word}", plain) is not None


def _misfit(name: str, arguments: str, choices: Sequence[str]) -> str:
    """What of a call does not fit the tool; empty where all does."""
    if name != TOOL:
        return "of another tool than the one that was offered"
    try:
        value = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return "its arguments are no JSON"
    if not isinstance(value, dict):
        return "its arguments are no object"
    if value.keys() != {"choice", "count"}:
        return "its arguments are not the two of the schema"
    if value["choice"] not in choices or type(value["count"]) is not int:
        return "its arguments have values or types that the schema does not allow"
    return ""


PROBE = ToolsProbe()
