"""Servers that only seem to be able to do what they are asked: each lie with the verdict that it deserves.

`LIES` has, for each capability, the ways in which real servers go wrong.
"""

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

from tests.fakes.honest import (
    NUMBERS,
    Answering,
    Body,
    asked_call,
    call,
    calls,
    fitting,
    json_object,
    obeys,
    prompt_of,
    refused,
    says,
    schema_of,
    seen_number,
    streamed_call,
)
from tests.fakes.provider import CUT, HANG, Answer, delta, event_bytes, reply, sse, stream

Lie = tuple[Answering, str]
"""What it answers, and the right verdict."""
_FEATURE_WORDS = {
    "streaming": "stream is not supported by this deployment",
    "tools": "No endpoints found that support tool use",
    "streamed_tools": "tools are not supported with streaming",
    "vision": "This model does not support image input",
    "json_mode": "response_format json_object is not supported",
    "strict_schema": "'json_schema' is not supported by this model",
    "system_prompt": "System role not supported",
    "stop": "Unsupported parameter: 'stop'",
    "max_tokens": "Unsupported parameter: max_tokens",
}


def _everywhere(capability: str) -> dict[str, Lie]:
    """What goes wrong with any request."""
    words = _FEATURE_WORDS[capability]
    return {
        "names the feature in a 400": (lambda body, chance: refused(words), "no"),
        "names the feature in a 404": (lambda body, chance: refused(words, 404), "no"),
        "names the feature in a 422": (lambda body, chance: refused(words, 422), "no"),
        "names the feature in a 401": (lambda body, chance: refused(words, 401), "undecided"),
        "names the feature in a 402": (lambda body, chance: refused(words, 402), "undecided"),
        "names the feature in a 403": (lambda body, chance: refused(words, 403), "undecided"),
        "names the feature in a 429": (lambda body, chance: refused(words, 429), "undecided"),
        "names the feature in a 500": (lambda body, chance: refused(words, 500), "undecided"),
        "a 400 about something else": (lambda body, chance: refused("The prompt is too rude."), "undecided"),
        "a 404": (lambda body, chance: refused("There is no such page.", 404), "undecided"),
        "a 429": (lambda body, chance: refused("Slow down.", 429), "undecided"),
        "a 500": (lambda body, chance: refused("Internal error.", 500), "undecided"),
        "a 503": (lambda body, chance: refused("Overloaded.", 503), "undecided"),
        "a redirect": (lambda body, chance: reply("", status=302, headers=["location: /elsewhere"]), "undecided"),
        "an error in a 200": (
            lambda body, chance: reply({"error": {"message": words, "code": 500}}),
            "undecided",
        ),
        "a web page": (lambda body, chance: reply("<html>Hello</html>", content_type="text/html"), "undecided"),
        "no JSON": (lambda body, chance: reply("OK"), "undecided"),
        "nothing at all": (lambda body, chance: reply({"choices": []}), "undecided"),
        "a cut": (lambda body, chance: [b"HTTP/1.1 200 -\r\ncontent-length: 100\r\n\r\n{", CUT], "undecided"),
        "silence": (lambda body, chance: [HANG], "undecided"),
        "a filter": (lambda body, chance: says("", finish="content_filter"), "undecided"),
    }


def _prose(body: Body, chance: Random) -> Answer:
    return says("The sea is deep and wide, as far as anybody can tell.")


def _echo(body: Body, chance: Random) -> Answer:
    return says(prompt_of(body), tokens=8)


def _number_in_prompt(body: Body, chance: Random) -> Answer:
    """Takes any number that stands anywhere in the request."""
    found = re.findall(r"(?<!\d)\d\d(?!\d)", json.dumps(body))
    return says(chance.choice(found) if found else "42")


def _replays(body: Body, chance: Random) -> Answer:
    return says("57")


def _stream_of(*events: Any) -> Answering:
    return lambda body, chance: sse(*events)


def _written(text: Callable[[str], str]) -> Answering:
    def answer(body: Body, chance: Random) -> Answer:
        said = text(json.dumps(asked_call(body)))
        return sse(delta(said), delta(finish="stop"), "[DONE]") if body.get("stream") else says(said)

    return answer


def _called(arguments: Callable[[dict[str, Any]], Any], name: str = "record_choice") -> Answering:
    def answer(body: Body, chance: Random) -> Answer:
        said = arguments(asked_call(body))
        if body.get("stream"):
            return streamed_call(body, pieces=[{"index": 0, **call(said, name)}])
        return says(None, finish="tool_calls", tool_calls=[call(said, name)])

    return answer


_TOOL_LIES: dict[str, Lie] = {
    "writes JSON": (_written(lambda said: f'{{"name": "record_choice", "arguments": {said}}}'), "no"),
    "writes a tag": (_written(lambda said: f"<tool_call>{said}</tool_call>"), "no"),
    "writes a function": (_written(lambda said: f"record_choice({said})"), "no"),
    "writes arguments": (_written(lambda said: f"Sure! ```json\n{said}\n```"), "no"),
    "speaks of it": (_written(lambda said: "I would use record_choice for that."), "undecided"),
    "wrong types": (_called(lambda asked: json.dumps({**asked, "count": str(asked["count"])})), "no"),
    "a float": (_called(lambda asked: json.dumps({**asked, "count": asked["count"] + 0.5})), "no"),
    "a truth for a number": (_called(lambda asked: json.dumps({**asked, "count": True})), "no"),
    "another word": (_called(lambda asked: json.dumps({**asked, "choice": "none"})), "no"),
    "one argument": (_called(lambda asked: json.dumps({"choice": asked["choice"]})), "no"),
    "one too many": (_called(lambda asked: json.dumps({**asked, "more": 1})), "no"),
    "no arguments": (_called(lambda asked: "{}"), "no"),
    "a list": (_called(lambda asked: json.dumps([asked])), "no"),
    "no JSON": (_called(lambda asked: "choice=this"), "no"),
    "JSON in JSON": (_called(lambda asked: json.dumps(json.dumps(asked))), "no"),
    "an object for text": (_called(lambda asked: asked), "no"),
    "another tool": (_called(json.dumps, "answer"), "no"),
    "an empty name": (_called(json.dumps, ""), "no"),
}


def _broken(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Answering:
    def answer(body: Body, chance: Random) -> Answer:
        text = json.dumps(asked_call(body))
        pieces = [{"index": 0, **call("")}, {"index": 0, "function": {"arguments": text[:9]}}]
        pieces.append({"index": 0, "function": {"arguments": text[9:]}})
        return streamed_call(body, pieces=change(pieces))

    return answer


def _without(piece: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in piece.items() if name not in names}


_STREAM_LIES: dict[str, Lie] = {
    "no index": (_broken(lambda pieces: [_without(piece, "index") for piece in pieces]), "no"),
    "no id": (_broken(lambda pieces: [_without(pieces[0], "id"), *pieces[1:]]), "no"),
    "no name": (_broken(lambda pieces: [{"index": 0, "id": "c", "function": {"arguments": ""}}, *pieces[1:]]), "no"),
    "a piece lost": (_broken(lambda pieces: [pieces[0], pieces[2]]), "no"),
    "pieces exchanged": (_broken(lambda pieces: [pieces[0], pieces[2], pieces[1]]), "no"),
    "a piece twice": (_broken(lambda pieces: [*pieces, pieces[2]]), "no"),
    "another index": (_broken(lambda pieces: [pieces[0], pieces[1], {**pieces[2], "index": 1}]), "no"),
    "arguments as an object": (
        _broken(lambda pieces: [pieces[0], {"index": 0, "function": {"arguments": {"choice": "x"}}}]),
        "no",
    ),
    "no stream": (lambda body, chance: calls(body), "no"),
    "a stream that is cut": (
        lambda body, chance: stream([event_bytes(delta(tool_calls=[{"index": 0, **call("{")}])), CUT]),
        "undecided",
    ),
    "an error in the stream": (
        lambda body, chance: sse(delta("x"), {"error": {"message": "tools failed", "code": 500}}),
        "undecided",
    ),
}

LIES: dict[str, dict[str, Lie]] = {
    "streaming": {
        "one piece of JSON": (_prose, "no"),
        "one delta": (_stream_of(delta("2 3 4 5 6 7 8"), delta(finish="stop"), "[DONE]"), "undecided"),
        "no content": (_stream_of(delta(role="assistant", content=""), delta(finish="stop"), "[DONE]"), "undecided"),
        "a cut": (lambda body, chance: stream([event_bytes(delta("2 ")), event_bytes(delta("3 ")), CUT]), "undecided"),
        "no end": (
            lambda body, chance: stream([event_bytes(delta("2 ")), event_bytes(delta("3 "))], framing="close"),
            "undecided",
        ),
        "an error in the stream": (
            _stream_of(delta("2 "), delta("3 "), {"error": {"message": "stream failed", "code": 500}}),
            "undecided",
        ),
    },
    "tools": {**_TOOL_LIES, "answers in prose": (_prose, "undecided"), "echoes": (_echo, "undecided")},
    "streamed_tools": {
        **_TOOL_LIES,
        **_STREAM_LIES,
        "answers in prose": (_stream_of(delta("The "), delta("sea."), delta(finish="stop"), "[DONE]"), "undecided"),
    },
    "vision": {
        "reads the prompt": (_number_in_prompt, "undecided"),
        "always the same": (_replays, "undecided"),
        "all numbers": (lambda body, chance: says(" ".join(map(str, range(10, 100)))), "undecided"),
        "prose": (_prose, "undecided"),
        "says nothing": (lambda body, chance: says(""), "undecided"),
        "one digit": (lambda body, chance: says(str(seen_number(body) // 10)), "undecided"),
        "swaps the digits": (lambda body, chance: says(str(seen_number(body))[::-1] + "1"), "undecided"),
        "the number beside the content": (
            lambda body, chance: says("I cannot see.", reasoning_content=str(seen_number(body))),
            "undecided",
        ),
    },
    "json_mode": {
        "prose": (_prose, "no"),
        "echoes": (_echo, "no"),
        "prose, then JSON": (
            lambda body, chance: says("The sea is wide.\n" + _text_of(json_object(body))),
            "no",
        ),
        "a fence": (lambda body, chance: says(f"```json\n{_text_of(json_object(body))}\n```"), "no"),
        "an empty object": (lambda body, chance: says("{}"), "undecided"),
        "a list": (lambda body, chance: says("[1, 2]"), "no"),
        "JSON beside the content": (
            lambda body, chance: says("", reasoning_content=_text_of(json_object(body))),
            "undecided",
        ),
        "JSON in another field": (
            lambda body, chance: says("The sea is wide.", parsed=json.loads(_text_of(json_object(body)))),
            "no",
        ),
        "cut": (lambda body, chance: says('{"sea": "wi', finish="length"), "undecided"),
        "a refusal": (lambda body, chance: says(None, refusal="I will not."), "undecided"),
    },
    "strict_schema": {
        "prose": (_prose, "no"),
        "echoes the schema": (lambda body, chance: says(json.dumps(schema_of(body))), "no"),
        "echoes the format": (lambda body, chance: says(json.dumps(body["response_format"])), "no"),
        "an empty object": (lambda body, chance: says("{}"), "no"),
        "any object": (lambda body, chance: says('{"answer": "yes", "deep": true}'), "no"),
        "a fence": (lambda body, chance: says(f"```json\n{json.dumps(fitting(body))}\n```"), "no"),
        "a word that is not allowed": (
            lambda body, chance: says(json.dumps({key: "x" if key != "deep" else True for key in fitting(body)})),
            "no",
        ),
        "the wrong type": (lambda body, chance: says(json.dumps({**fitting(body), "deep": "true"})), "no"),
        "one too many": (lambda body, chance: says(json.dumps({**fitting(body), "more": 1})), "no"),
        "beside the content": (
            lambda body, chance: says("It is.", parsed=fitting(body), reasoning_content=json.dumps(fitting(body))),
            "no",
        ),
        "in a tool call": (
            lambda body, chance: says(None, finish="tool_calls", tool_calls=[call(json.dumps(fitting(body)))]),
            "undecided",
        ),
        "cut": (lambda body, chance: says(json.dumps(fitting(body))[:-3], finish="length"), "undecided"),
    },
    "system_prompt": {
        "greets": (lambda body, chance: says("Hello! How can I help?"), "undecided"),
        "echoes": (_echo, "undecided"),
        "says nothing": (lambda body, chance: says(""), "undecided"),
        "the word in its thoughts": (
            lambda body, chance: says("Hello!", reasoning_content=_text_of(obeys(body))),
            "undecided",
        ),
    },
    "stop": {
        "goes on": (lambda body, chance: says(NUMBERS), "no"),
        "stops behind it": (
            lambda body, chance: says(NUMBERS.partition(body["stop"][0])[0] + body["stop"][0]),
            "no",
        ),
        "always the same": (lambda body, chance: says("one two three four five "), "no or undecided"),
        "echoes": (_echo, "no"),
        "counts nothing": (_prose, "undecided"),
        "says nothing": (lambda body, chance: says(""), "undecided"),
        "cut by its bound": (lambda body, chance: says("one two three ", finish="length"), "undecided"),
    },
    "max_tokens": {
        "writes on": (lambda body, chance: says(" ".join(map(str, range(100, 180))), tokens=160), "no"),
        "writes on and counts wrong": (
            lambda body, chance: says(" ".join(map(str, range(100, 180))), finish="length", tokens=16),
            "no",
        ),
        "writes on without a count": (
            lambda body, chance: says(" ".join(map(str, range(100, 180))), usage=False),
            "no",
        ),
        "counts more than it says": (lambda body, chance: says("100 101", finish="length", tokens=60), "no"),
        "ends early": (lambda body, chance: says("100 101 102"), "undecided"),
        "says nothing": (lambda body, chance: says("", finish="length", usage=False), "undecided"),
    },
}
for _capability, _lies in LIES.items():
    _lies.update({name: lie for name, lie in _everywhere(_capability).items() if name not in _lies})


def _text_of(answer: Answer) -> str:
    """The content of a plain answer."""
    whole = b"".join(step for step in answer if isinstance(step, bytes))
    text: str = json.loads(whole.partition(b"\r\n\r\n")[2])["choices"][0]["message"]["content"]
    return text
