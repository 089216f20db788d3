"""What the provider that keeps time says: OpenAI's answers and chunks, as bytes of HTTP."""

import json
from functools import lru_cache
from typing import Any


def words(messages: list[dict[str, Any]]) -> list[str]:
    """What to echo: the words of the last message."""
    content = messages[-1]["content"]
    return (content.split() if isinstance(content, str) else []) or ["echo"]


def envelope(model: str, kind: str) -> dict[str, Any]:
    return {"id": "paced", "object": kind, "created": 0, "model": model}


def usage(asked: dict[str, Any], tokens: int) -> dict[str, Any]:
    prompt = sum(len(words([message])) for message in asked["messages"])
    return {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens}


def head(status: int, content_type: str, framing: str) -> bytes:
    return f"HTTP/1.1 {status} -\r\ncontent-type: {content_type}\r\n{framing}\r\n\r\n".encode()


def event(data: str) -> bytes:
    """One SSE event in one HTTP chunk."""
    event = f"data: {data}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(event), event)


def chunk(model: str, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return event(json.dumps({**envelope(model, "chat.completion.chunk"), "choices": [choice]}))


@lru_cache(4096)
def token(model: str, word: str) -> bytes:
    return chunk(model, {"content": word})


def tail(model: str, asked: dict[str, Any], tokens: int) -> bytes:
    """Everything after the last token, in one write."""
    parts = [chunk(model, {}, "stop")]
    if (asked.get("stream_options") or {}).get("include_usage"):
        last = {**envelope(model, "chat.completion.chunk"), "choices": [], "usage": usage(asked, tokens)}
        parts.append(event(json.dumps(last)))
    return b"".join([*parts, event("[DONE]"), b"0\r\n\r\n"])
