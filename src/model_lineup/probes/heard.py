"""A reply read as a conversation: text, tool calls, usage, and when each piece came. Pure.

Strict where leniency would prove something that is not there: arguments of a call are text that holds JSON, content is
`message.content` and nothing beside it, pieces of a call fit together.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from model_lineup.upstream.asking import Chunk, Reply
from model_lineup.upstream.contract import Usage
from model_lineup.upstream.parsing import count_or_none, list_or_empty, object_or_empty, text_or_none


class HeardCall(Struct, frozen=True):
    """A call of a tool that came as one. `arguments`: as the provider wrote them."""

    name: str
    arguments: str


class Heard(Struct, frozen=True, kw_only=True):
    """`text`: the content; `thought`: whether there was reasoning beside it. `content_at`: one stamp for each piece of
    content, reasoning or call of a stream. `usage_event`: the stream told its tokens. `broken`: what does not fit
    together, empty where all does."""

    text: str = ""
    thought: bool = False
    refusal: str = ""
    calls: tuple[HeardCall, ...] = ()
    finish_reason: str | None = None
    usage: Usage | None = None
    streamed: bool = False
    sent_at: float = 0.0
    content_at: tuple[float, ...] = ()
    usage_event: bool = False
    broken: str = ""

    @property
    def was_cut(self) -> bool:
        """The tokens that it was given did not suffice."""
        return self.finish_reason == "length"


def heard(reply: Reply) -> Heard:
    """What a reply says, whole or as far as it came."""
    if reply.streamed:
        return _Stream(reply).heard()
    body = reply.body or {}
    choice = _choice(body)
    message = object_or_empty(choice.get("message"))
    calls, broken = _calls(message)
    return Heard(
        text=text_of(message.get("content")),
        thought=_thinks(message),
        refusal=text_or_none(message.get("refusal")) or "",
        calls=calls,
        finish_reason=text_or_none(choice.get("finish_reason")),
        usage=usage_of(body.get("usage")),
        sent_at=reply.sent_at,
        broken=broken,
    )


def text_of(content: Any) -> str:
    """Text, or the text parts of a list of parts."""
    if isinstance(content, str):
        return content
    parts = (object_or_empty(part).get("text") for part in list_or_empty(content))
    return "".join(part for part in parts if isinstance(part, str))


def usage_of(value: Any) -> Usage | None:
    """None where neither count is told."""
    told = object_or_empty(value)
    prompt, completion = count_or_none(told.get("prompt_tokens")), count_or_none(told.get("completion_tokens"))
    if prompt is None and completion is None:
        return None
    cached = count_or_none(object_or_empty(told.get("prompt_tokens_details")).get("cached_tokens"))
    return Usage(prompt, completion, cached)


def _choice(body: Mapping[str, Any]) -> dict[str, Any]:
    choices = list_or_empty(body.get("choices"))
    return object_or_empty(choices[0]) if choices else {}


def _thinks(message: Mapping[str, Any]) -> bool:
    return bool(message.get("reasoning_content") or message.get("reasoning"))


def _calls(message: Mapping[str, Any]) -> tuple[tuple[HeardCall, ...], str]:
    """The calls of a plain answer, and what is wrong with the first that is none."""
    calls, broken = [], ""
    for value in list_or_empty(message.get("tool_calls")):
        function = object_or_empty(object_or_empty(value).get("function"))
        name, arguments = function.get("name"), function.get("arguments")
        if isinstance(name, str) and name and isinstance(arguments, str):
            calls.append(HeardCall(name, arguments))
        else:
            broken = broken or "a tool call has no name, or its arguments are no text"
    return tuple(calls), broken


class _Stream:
    """A stream put together."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._thought = False
        self._content_at: list[float] = []
        self._calls: dict[int, tuple[str, list[str]]] = {}
        self._reason: str | None = None
        self._usage: Usage | None = None
        self._broken = ""
        for chunk in reply.chunks:
            self._take(chunk)

    def _take(self, chunk: Chunk) -> None:
        self._usage = usage_of(chunk.body.get("usage")) or self._usage
        choice = _choice(chunk.body)
        self._reason = text_or_none(choice.get("finish_reason")) or self._reason
        delta = object_or_empty(choice.get("delta"))
        text, refusal = text_of(delta.get("content")), text_or_none(delta.get("refusal"))
        pieces = list_or_empty(delta.get("tool_calls"))
        if text or refusal or pieces or _thinks(delta):
            self._content_at.append(chunk.at)
        self._text.append(text)
        self._refusal.append(refusal or "")
        self._thought = self._thought or _thinks(delta)
        for piece in pieces:
            self._grow(object_or_empty(piece))

    def _grow(self, piece: dict[str, Any]) -> None:
        """A piece of a call: the first of each index names it, the others add to its arguments."""
        index, function = piece.get("index"), object_or_empty(piece.get("function"))
        name, arguments = function.get("name"), function.get("arguments")
        if type(index) is not int:
            self._wrong("a piece of a tool call has no index")
        elif arguments is not None and not isinstance(arguments, str):
            self._wrong("the arguments of a tool call are no text")
        elif index in self._calls:
            self._calls[index][1].append(arguments or "")
        elif not isinstance(name, str) or not name:
            self._wrong("a tool call begins without a name")
        elif not text_or_none(piece.get("id")):
            self._wrong("a tool call begins without an id")
        else:
            self._calls[index] = (name, [arguments or ""])

    def _wrong(self, what: str) -> None:
        self._broken = self._broken or what

    def heard(self) -> Heard:
        return Heard(
            text="".join(self._text),
            thought=self._thought,
            refusal="".join(self._refusal),
            calls=tuple(HeardCall(name, "".join(arguments)) for name, arguments in self._calls.values()),
            finish_reason=self._reason,
            usage=self._usage,
            streamed=True,
            sent_at=self._reply.sent_at,
            content_at=tuple(self._content_at),
            usage_event=self._usage is not None,
            broken=self._broken,
        )
