"""A chat server that can do everything, and servers that only seem to: each lie with the verdict that it deserves.

`honest` understands what the probes ask and does it truly (it looks at the pixels of a picture). `LIES` has, for each
capability, the ways in which real servers go wrong.
"""

import json
import re
import zlib
from base64 import b64decode
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from model_lineup.probes import drawing
from tests.fakes.provider import CUT, HANG, Answer, delta, event_bytes, reply, sse, stream, usage

Body = dict[str, Any]
Answering = Callable[[Body, Random], Answer]
Lie = tuple[Answering, str]
"""What it answers, and the right verdict."""
NUMBERS = "one two three four five six seven eight nine ten"


def capability_of(body: Body) -> str:
    """Which probe asks."""
    if "tools" in body:
        return "streamed_tools" if body.get("stream") else "tools"
    if "response_format" in body:
        return {"json_object": "json_mode", "json_schema": "strict_schema"}[body["response_format"]["type"]]
    if "stop" in body:
        return "stop"
    if body.get("stream"):
        return "streaming"
    if isinstance(body["messages"][-1]["content"], list):
        return "vision"
    return "system_prompt" if body["messages"][0]["role"] == "system" else "max_tokens"


def honest(body: Body, chance: Random) -> Answer:
    """What a server answers that can do all of it."""
    return _HONEST[capability_of(body)](body)


def prompt_of(body: Body) -> str:
    """All that is said in words."""
    return "\n".join(str(message["content"]) for message in body["messages"])


def says(text: str | None, *, finish: str = "stop", tokens: int = 8, usage: bool = True, **message: Any) -> Answer:
    told = {"usage": {"prompt_tokens": 20, "completion_tokens": tokens}} if usage else {}
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
    return reply({"id": "c", "object": "chat.completion", "model": "m", "choices": [choice], **told})


def counts_aloud(body: Body, *, gap_s: float = 0.004) -> Answer:
    words = [event_bytes(delta(f"{number} ")) for number in range(2, 14)]
    spread = [step for word in words for step in (gap_s, word)] if gap_s else [b"".join(words)]
    end = [event_bytes(delta(finish="stop")), event_bytes(usage()), event_bytes("[DONE]")]
    return stream([event_bytes(delta(role="assistant", content="")), *spread, *end])


def asked_call(body: Body) -> dict[str, Any]:
    """The arguments that are asked for."""
    found = re.search(r"record that '(\w+)' was chosen (\d+) times", body["messages"][-1]["content"])
    assert found is not None
    return {"choice": found[1], "count": int(found[2])}


def call(arguments: Any, name: str = "record_choice", **more: Any) -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def _calls(body: Body) -> Answer:
    return says(None, finish="tool_calls", tool_calls=[call(json.dumps(asked_call(body)))])


def _streamed_call(body: Body, *, pieces: Sequence[dict[str, Any]] | None = None) -> Answer:
    text = json.dumps(asked_call(body))
    grown = [{"index": 0, "function": {"arguments": text[:9]}}, {"index": 0, "function": {"arguments": text[9:]}}]
    told = [{"index": 0, **call("")}, *grown] if pieces is None else pieces
    return sse(*(delta(tool_calls=[piece]) for piece in told), delta(finish="tool_calls"), usage(), "[DONE]")


def seen_number(body: Body) -> int:
    """Read from the pixels, by comparing them with what each digit looks like."""
    url = body["messages"][-1]["content"][1]["image_url"]["url"]
    picture = b64decode(url.removeprefix("data:image/png;base64,"))
    width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
    length = int.from_bytes(picture[33:37])
    raw = zlib.decompress(picture[41 : 41 + length])
    lines = [raw[row * (1 + 3 * width) + 1 : (row + 1) * (1 + 3 * width)] for row in range(height)]
    inked = [[line[3 * x] < 128 for x in range(width)] for line in lines]
    left = min(row.index(True) for row in inked if True in row)
    top = next(y for y, row in enumerate(inked) if True in row)
    scale = drawing._SCALE
    for number in range(10, 100):
        cells = [(x, y) for y, row in enumerate(drawing._cells(str(number))) for x, on in enumerate(row) if on]
        first_x, first_y = min(x for x, _ in cells), min(y for _, y in cells)
        middles = [((x - first_x) * scale + scale // 2, (y - first_y) * scale + scale // 2) for x, y in cells]
        fits = all(top + y < height and left + x < width and inked[top + y][left + x] for x, y in middles)
        if fits and sum(map(sum, inked)) == len(cells) * scale * scale:
            return number
    raise AssertionError("the picture shows no number")


def _json_object(body: Body) -> Answer:
    mark = re.search(r'"mark" is "(\w+)"', prompt_of(body))
    assert mark is not None
    return says(json.dumps({"sea": "wide", "mark": mark[1]}))


def schema_of(body: Body) -> dict[str, Any]:
    schema: dict[str, Any] = body["response_format"]["json_schema"]["schema"]
    return schema


def fitting(body: Body) -> dict[str, Any]:
    """What the schema allows."""
    return {key: one["enum"][0] if "enum" in one else True for key, one in schema_of(body)["properties"].items()}


def _obeys(body: Body) -> Answer:
    found = re.search(r"single word (\w+)", body["messages"][0]["content"])
    assert found is not None
    return says(found[1])


_HONEST: dict[str, Callable[[Body], Answer]] = {
    "streaming": counts_aloud,
    "tools": _calls,
    "streamed_tools": _streamed_call,
    "vision": lambda body: says(str(seen_number(body))),
    "json_mode": _json_object,
    "strict_schema": lambda body: says(json.dumps(fitting(body))),
    "system_prompt": _obeys,
    "stop": lambda body: says(NUMBERS.partition(body["stop"][0])[0]),
    "max_tokens": lambda body: says("100 101 102 103 104", finish="length", tokens=body["max_tokens"]),
}


def refused(message: str, status: int = 400) -> Answer:
    return reply({"error": {"message": message, "type": "invalid_request_error"}}, status=status)


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
            return _streamed_call(body, pieces=[{"index": 0, **call(said, name)}])
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
        return _streamed_call(body, pieces=change(pieces))

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
    "no stream": (lambda body, chance: _calls(body), "no"),
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
            lambda body, chance: says("The sea is wide.\n" + _text_of(_json_object(body))),
            "no",
        ),
        "a fence": (lambda body, chance: says(f"```json\n{_text_of(_json_object(body))}\n```"), "no"),
        "an empty object": (lambda body, chance: says("{}"), "undecided"),
        "a list": (lambda body, chance: says("[1, 2]"), "no"),
        "JSON beside the content": (
            lambda body, chance: says("", reasoning_content=_text_of(_json_object(body))),
            "undecided",
        ),
        "JSON in another field": (
            lambda body, chance: says("The sea is wide.", parsed=json.loads(_text_of(_json_object(body)))),
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
            lambda body, chance: says("Hello!", reasoning_content=_text_of(_obeys(body))),
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
