"""A chat server that can do all that the probes ask about, and does it truly: it looks at the pixels of a picture."""

import json
import re
import zlib
from base64 import b64decode
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from model_lineup.probes import drawing
from tests.fakes.provider import Answer, delta, event_bytes, reply, sse, stream, usage

Body = dict[str, Any]
Answering = Callable[[Body, Random], Answer]
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


def calls(body: Body) -> Answer:
    return says(None, finish="tool_calls", tool_calls=[call(json.dumps(asked_call(body)))])


def streamed_call(body: Body, *, pieces: Sequence[dict[str, Any]] | None = None) -> Answer:
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


def json_object(body: Body) -> Answer:
    mark = re.search(r'"mark" is "(\w+)"', prompt_of(body))
    assert mark is not None
    return says(json.dumps({"sea": "wide", "mark": mark[1]}))


def schema_of(body: Body) -> dict[str, Any]:
    schema: dict[str, Any] = body["response_format"]["json_schema"]["schema"]
    return schema


def fitting(body: Body) -> dict[str, Any]:
    """What the schema allows."""
    return {key: one["enum"][0] if "enum" in one else True for key, one in schema_of(body)["properties"].items()}


def obeys(body: Body) -> Answer:
    found = re.search(r"single word (\w+)", body["messages"][0]["content"])
    assert found is not None
    return says(found[1])


_HONEST: dict[str, Callable[[Body], Answer]] = {
    "streaming": counts_aloud,
    "tools": calls,
    "streamed_tools": streamed_call,
    "vision": lambda body: says(str(seen_number(body))),
    "json_mode": json_object,
    "strict_schema": lambda body: says(json.dumps(fitting(body))),
    "system_prompt": obeys,
    "stop": lambda body: says(NUMBERS.partition(body["stop"][0])[0]),
    "max_tokens": lambda body: says("100 101 102 103 104", finish="length", tokens=body["max_tokens"]),
}


def refused(message: str, status: int = 400) -> Answer:
    return reply({"error": {"message": message, "type": "invalid_request_error"}}, status=status)
