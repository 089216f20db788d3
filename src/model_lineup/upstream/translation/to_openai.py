"""A request in Anthropic's Messages format as OpenAI's chat completion request.

Marks for caches, thoughts of earlier turns and the flag of a failed tool are hints that OpenAI's format has no place
for: they are left out and told. A system prompt and its blocks become one system message.
Source: the SDKs (openai 3.54, anthropic 2.12), read 2026-11-23.
"""

from collections.abc import Iterator
from typing import Any

from model_lineup.upstream.translation.fields import Fields, compact, encode
from model_lineup.upstream.translation.images import data_url
from model_lineup.upstream.translation.shapes import JsonObject, Translated

_FORMAT = "OpenAI's chat format"
_HINTS = ("cache_control", "diagnostics")


def request(body: JsonObject, *, max_tokens: int | None) -> Translated:
    """Raises UntranslatableError. The body has no `model`."""
    left_out: list[str] = []
    fields = Fields(body, "", left_out)
    fields.any("model")
    bound = fields.whole("max_tokens")
    if bound is None:
        raise fields.refuse("max_tokens", "is missing")
    stream = fields.flag("stream")
    choice, parallel = _tool_choice(fields)
    effort, answer_format = _output_config(fields)
    translated = {
        "messages": [*_system(fields), *_messages(fields)],
        "max_tokens": bound,
        "stream": stream,
        "stream_options": {"include_usage": True} if stream else None,
        "temperature": fields.number("temperature"),
        "top_p": fields.number("top_p"),
        "stop": fields.many("stop_sequences") or None,
        "tools": [_tool(tool) for tool in fields.each("tools")] or None,
        "tool_choice": choice,
        "parallel_tool_calls": parallel,
        "user": _user(fields),
        "reasoning_effort": effort,
        "response_format": answer_format,
    }
    _thinking(fields)
    fields.only("service_tier", "auto", "standard_only", why="choose a tier at the provider")
    fields.only("speed", "standard", why=f"has no counterpart in {_FORMAT}")
    fields.hint(*_HINTS)
    fields.end(_FORMAT)
    return Translated(compact(translated), tuple(left_out))


def _thinking(fields: Fields) -> None:
    """A model that thinks as it likes does so here too; a budget cannot be said."""
    thinking = fields.any("thinking")
    kind = thinking.get("type") if isinstance(thinking, dict) else thinking
    if kind not in (None, "disabled", "adaptive", "between_tools"):
        raise fields.refuse("thinking", f"a budget of thoughts has no counterpart in {_FORMAT}; leave it out")
    if kind in ("adaptive", "between_tools"):
        fields.left_out.append("thinking")


def _output_config(fields: Fields) -> tuple[str | None, JsonObject | None]:
    config = fields.inner("output_config")
    if config is None:
        return None, None
    effort, wanted = config.text("effort"), config.inner("format")
    config.end(_FORMAT)
    if wanted is None:
        return effort, None
    if wanted.text("type") != "json_schema":
        raise wanted.refuse("type", "must be json_schema")
    schema = {"name": "answer", "schema": wanted.needed_object("schema"), "strict": True}
    wanted.end(_FORMAT)
    return effort, {"type": "json_schema", "json_schema": schema}


def _user(fields: Fields) -> str | None:
    metadata = fields.inner("metadata")
    if metadata is None:
        return None
    user = metadata.text("user_id")
    metadata.end(_FORMAT)
    return user


def _tool(tool: Fields) -> JsonObject:
    if tool.text("type") not in (None, "custom"):
        raise tool.refuse("type", "tools that run at Anthropic have no counterpart; only your own can be translated")
    function = {
        "name": tool.needed_text("name"),
        "description": tool.text("description"),
        "parameters": tool.needed_object("input_schema"),
        "strict": tool.flag("strict"),
    }
    tool.hint("cache_control", "eager_input_streaming", "input_examples")
    tool.end(_FORMAT)
    return {"type": "function", "function": compact(function)}


def _tool_choice(fields: Fields) -> tuple[Any, bool | None]:
    choice = fields.inner("tool_choice")
    if choice is None:
        return None, None
    kind, one = choice.text("type"), choice.flag("disable_parallel_tool_use")
    words = {"auto": "auto", "none": "none", "any": "required"}
    if kind == "tool":
        said: Any = {"type": "function", "function": {"name": choice.needed_text("name")}}
    elif kind in words:
        said = words[kind]
    else:
        raise choice.refuse("type", "must be auto, any, none or tool")
    choice.end(_FORMAT)
    return said, None if one is None else not one


def _system(fields: Fields) -> Iterator[JsonObject]:
    text = "\n\n".join(_texts(fields, "system"))
    if text:
        yield {"role": "system", "content": text}


def _texts(fields: Fields, name: str) -> list[str]:
    """The texts of a field that may hold text or blocks of text."""
    value = fields.any(name)
    if value is None or isinstance(value, str):
        return [value] if value else []
    texts = []
    for block in _blocks(fields, name, value):
        if block.text("type") != "text":
            raise block.refuse("type", "must be text here")
        texts.append(block.needed_text("text"))
        block.hint("cache_control", "citations")
        block.end(_FORMAT)
    return texts


def _blocks(fields: Fields, name: str, value: Any) -> Iterator[Fields]:
    if not isinstance(value, list):
        raise fields.refuse(name, "must be text or a list of blocks")
    for index, block in enumerate(value):
        yield Fields(block, f"{fields.path(name)}[{index}]", fields.left_out)


def _messages(fields: Fields) -> Iterator[JsonObject]:
    turns = list(fields.each("messages"))
    if not turns:
        raise fields.refuse("messages", "must hold at least one message")
    for turn in turns:
        role = turn.needed_text("role")
        if role == "system":
            yield {"role": "system", "content": "\n\n".join(_texts(turn, "content"))}
        elif role == "user":
            yield from _user_turn(turn)
        elif role == "assistant":
            yield _assistant_turn(turn)
        else:
            raise turn.refuse("role", "must be user, assistant or system")
        turn.end(_FORMAT)


def _user_turn(turn: Fields) -> Iterator[JsonObject]:
    """Results of tools are messages of their own in OpenAI's format, and stand before what the user adds."""
    value = turn.any("content")
    if isinstance(value, str):
        yield {"role": "user", "content": value}
        return
    parts: list[JsonObject] = []
    for block in _blocks(turn, "content", value):
        kind = block.text("type")
        if kind == "tool_result":
            if parts:
                raise block.refuse("type", "results of tools must come before other content")
            yield {"role": "tool", "tool_call_id": block.needed_text("tool_use_id"), "content": _result(block)}
            block.hint("cache_control", "is_error")
            block.end(_FORMAT)
        else:
            parts.append(_part(block, kind))
    if parts:
        yield {"role": "user", "content": _plain(parts)}


def _result(block: Fields) -> Any:
    value = block.any("content")
    if value is None or isinstance(value, str):
        return value or ""
    return _plain([_part(inner, inner.text("type")) for inner in _blocks(block, "content", value)])


def _plain(parts: list[JsonObject]) -> Any:
    """A lone text as text: what the oldest servers understand."""
    return parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts


def _part(block: Fields, kind: str | None) -> JsonObject:
    if kind == "text":
        part: JsonObject = {"type": "text", "text": block.needed_text("text")}
    elif kind == "image":
        part = {"type": "image_url", "image_url": {"url": _source(block.needed_inner("source"))}}
    elif kind == "document":
        part = _document(block)
    else:
        raise block.refuse("type", "only text, images, documents and results of tools can be translated")
    block.hint("cache_control", "citations")
    block.end(_FORMAT)
    return part


def _source(source: Fields) -> str:
    kind = source.text("type")
    if kind == "url":
        url = source.needed_text("url")
    elif kind == "base64":
        url = data_url(source.needed_text("media_type"), source.needed_text("data"))
    else:
        raise source.refuse("type", "must be base64 or url")
    source.end(_FORMAT)
    return url


def _document(block: Fields) -> JsonObject:
    source, title = block.needed_inner("source"), block.text("title")
    kind = source.text("type")
    if kind == "text":
        part: JsonObject = {"type": "text", "text": source.needed_text("data")}
        source.hint("media_type")
    elif kind == "base64":
        content = data_url(source.needed_text("media_type"), source.needed_text("data"))
        part = {"type": "file", "file": {"filename": title or "document.pdf", "file_data": content}}
    else:
        raise source.refuse("type", "must be base64 or text")
    source.end(_FORMAT)
    return part


def _assistant_turn(turn: Fields) -> JsonObject:
    value = turn.any("content")
    if isinstance(value, str):
        return {"role": "assistant", "content": value}
    texts, calls = [], []
    for block in _blocks(turn, "content", value):
        kind = block.text("type")
        if kind == "text":
            texts.append(block.needed_text("text"))
        elif kind == "tool_use":
            calls.append(_call(block))
        elif kind in ("thinking", "redacted_thinking"):
            block.hint("thinking", "data")
            block.any("signature")
        else:
            raise block.refuse("type", "only text and calls of your own tools can be translated")
        block.hint("cache_control", "citations")
        block.end(_FORMAT)
    message = {"role": "assistant", "content": "".join(texts) if texts else None}
    return {**message, "tool_calls": calls} if calls else message


def _call(block: Fields) -> JsonObject:
    block.any("caller")
    function = {"name": block.needed_text("name"), "arguments": encode(block.needed_object("input")).decode()}
    return {"id": block.needed_text("id"), "type": "function", "function": function}
