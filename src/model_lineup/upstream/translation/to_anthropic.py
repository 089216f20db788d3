"""OpenAI's chat request in the words of Anthropic's Messages API.

Anthropic demands a bound for the output: without one from the caller it is what the model can give, else 4 096.
Source: the SDKs (openai 3.54, anthropic 2.12), read 2026-11-23.
"""

from typing import Any

import msgspec

from model_lineup.upstream.translation.fields import Fields, compact
from model_lineup.upstream.translation.images import split_data_url
from model_lineup.upstream.translation.shapes import JsonObject, Translated

_FORMAT = "Anthropic's format"
_DEFAULT_MAX_TOKENS = 4096
_HINTS = ("prompt_cache_key", "prompt_cache_retention", "prompt_cache_options")
_EFFORTS = ("low", "medium", "high", "xhigh", "max")


def request(body: JsonObject, *, max_tokens: int | None) -> Translated:
    """Raises UntranslatableError. The body has no `model`."""
    left_out: list[str] = []
    fields = Fields(body, "", left_out)
    fields.any("model")
    fields.any("stream_options")  # whether usage is told in the stream: the translation back does that
    system, messages = _conversation(fields)
    bound = _bound(fields)
    translated = {
        "max_tokens": bound if bound is not None else max_tokens or _DEFAULT_MAX_TOKENS,
        "system": system or None,
        "messages": messages,
        "stream": fields.flag("stream"),
        "temperature": _temperature(fields),
        "top_p": fields.number("top_p"),
        "stop_sequences": _stop(fields),
        "tools": [_tool(tool) for tool in fields.each("tools")] or None,
        "tool_choice": _tool_choice(fields),
        "metadata": _metadata(fields),
        "output_config": _output_config(fields),
    }
    _refuse_the_rest(fields)
    return Translated(compact(translated), tuple(left_out))


def _refuse_the_rest(fields: Fields) -> None:
    fields.only("n", 1, why="Anthropic's models give one answer; ask several times instead")
    fields.only("logprobs", False, why="Anthropic tells no probabilities")
    fields.only("store", False, why="nothing is stored there")
    fields.only("modalities", ["text"], why="only text comes back")
    fields.only("service_tier", "auto", "default", why="choose a tier at the provider")
    for name in ("frequency_penalty", "presence_penalty"):
        fields.only(name, 0, why=f"has no counterpart in {_FORMAT}")
    for name in ("logit_bias", "metadata"):
        fields.only(name, {}, why=f"has no counterpart in {_FORMAT}")
    fields.hint(*_HINTS)
    fields.end(_FORMAT)


def _bound(fields: Fields) -> int | None:
    newer, older = fields.whole("max_completion_tokens"), fields.whole("max_tokens")
    return older if newer is None else newer


def _temperature(fields: Fields) -> float | None:
    value = fields.number("temperature")
    if value is not None and value > 1:
        raise fields.refuse("temperature", "goes from 0 to 1 with Anthropic's models")
    return value


def _stop(fields: Fields) -> list[Any] | None:
    value = fields.any("stop")
    if value is None or isinstance(value, list):
        return value or None
    if not isinstance(value, str):
        raise fields.refuse("stop", "must be text, or a list of texts")
    return [value]


def _tool(fields: Fields) -> JsonObject:
    if fields.text("type") != "function":
        raise fields.refuse("type", "only functions can be translated")
    function = fields.needed_inner("function")
    tool = {
        "name": function.needed_text("name"),
        "description": function.text("description"),
        "input_schema": function.object("parameters") or {"type": "object", "properties": {}},
        "strict": function.flag("strict") or None,
    }
    function.end(_FORMAT)
    fields.end(_FORMAT)
    return compact(tool)


def _tool_choice(fields: Fields) -> JsonObject | None:
    parallel, choice = fields.flag("parallel_tool_calls"), fields.any("tool_choice")
    said = _choice(fields, choice) if choice is not None else None
    if parallel is False:
        said = said or {"type": "auto"}
        if said["type"] != "none":
            said["disable_parallel_tool_use"] = True
    return said


def _choice(fields: Fields, choice: Any) -> JsonObject:
    words = {"auto": "auto", "none": "none", "required": "any"}
    if isinstance(choice, str) and choice in words:
        return {"type": words[choice]}
    if isinstance(choice, dict) and choice.get("type") == "function":
        named = Fields(choice, "tool_choice", fields.left_out).needed_inner("function")
        return {"type": "tool", "name": named.needed_text("name")}
    raise fields.refuse("tool_choice", "must be auto, none, required or a function")


def _metadata(fields: Fields) -> JsonObject | None:
    user, identifier = fields.text("user"), fields.text("safety_identifier")
    known = user if user is not None else identifier
    return None if known is None else {"user_id": known}


def _output_config(fields: Fields) -> JsonObject | None:
    effort = fields.text("reasoning_effort")
    if effort is not None and effort not in _EFFORTS:
        raise fields.refuse("reasoning_effort", f"must be one of {', '.join(_EFFORTS)} with Anthropic's models")
    found = fields.inner("response_format")
    return compact({"effort": effort, "format": None if found is None else _format(found)}) or None


def _format(fields: Fields) -> JsonObject | None:
    kind = fields.text("type")
    if kind == "text":
        return None
    if kind != "json_schema":
        raise fields.refuse("type", "must be text or json_schema; Anthropic has no JSON mode without a schema")
    wanted = fields.needed_inner("json_schema")
    return {"type": "json_schema", "schema": wanted.needed_object("schema")}


def _conversation(fields: Fields) -> tuple[list[JsonObject], list[JsonObject]]:
    """The system prompt's blocks, and the turns. What instructs before the first turn is the system prompt."""
    system: list[JsonObject] = []
    messages: list[JsonObject] = []
    fields_of = list(fields.each("messages"))
    if not fields_of:
        raise fields.refuse("messages", "must hold at least one message")
    for message in fields_of:
        role, blocks = _turn(message)
        if role == "system" and not messages:
            system += blocks
        elif messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        else:
            messages.append({"role": role, "content": blocks})
    return system, messages


def _turn(message: Fields) -> tuple[str, list[JsonObject]]:
    role = message.needed_text("role")
    if role in ("system", "developer"):
        blocks = _content(message, "content")
        role = "system"
    elif role == "user":
        blocks = _content(message, "content")
    elif role == "assistant":
        blocks = _assistant(message)
    elif role == "tool":
        result = {"type": "tool_result", "tool_use_id": message.needed_text("tool_call_id")}
        blocks, role = [{**result, "content": _content(message, "content")}], "user"
    else:
        raise message.refuse("role", "must be system, developer, user, assistant or tool")
    message.end(_FORMAT)
    return role, blocks


def _assistant(message: Fields) -> list[JsonObject]:
    message.hint("reasoning_content", "reasoning")  # what another model thought is no part of its answer
    message.only("annotations", [], why=f"has no counterpart in {_FORMAT}")
    blocks = _content(message, "content")
    refusal = message.text("refusal")
    if refusal:
        blocks.append({"type": "text", "text": refusal})
    return blocks + [_call(call) for call in message.each("tool_calls")]


def _call(call: Fields) -> JsonObject:
    if call.text("type") not in ("function", None):
        raise call.refuse("type", "only functions can be translated")
    call.hint("index")
    function = call.needed_inner("function")
    arguments = function.text("arguments") or "{}"
    try:
        value = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise function.refuse("arguments", "must be a JSON object, as text") from None
    if not isinstance(value, dict):
        raise function.refuse("arguments", "must be a JSON object, as text")
    block = {"type": "tool_use", "id": call.needed_text("id"), "name": function.needed_text("name"), "input": value}
    function.end(_FORMAT)
    call.hint("extra_content")
    call.end(_FORMAT)
    return block


def _content(message: Fields, name: str) -> list[JsonObject]:
    """Blocks; an empty text is none, because Anthropic refuses one."""
    value = message.any(name)
    if value is None or isinstance(value, str):
        return [{"type": "text", "text": value}] if value else []
    if not isinstance(value, list):
        raise message.refuse(name, "must be text or a list of parts")
    parts = (Fields(part, f"{message.path(name)}[{at}]", message.left_out) for at, part in enumerate(value))
    return [block for block in map(_part, parts) if block is not None]


def _part(part: Fields) -> JsonObject | None:
    kind = part.needed_text("type")
    part.hint("prompt_cache_breakpoint")
    if kind in ("text", "refusal"):
        text = part.needed_text(kind)
        block: JsonObject | None = {"type": "text", "text": text} if text else None
    elif kind == "image_url":
        block = _image(part.needed_inner("image_url"))
    elif kind == "file":
        block = _file(part.needed_inner("file"))
    else:
        raise part.refuse("type", "only text, images and PDF files can be translated")
    part.end(_FORMAT)
    return block


def _image(image: Fields) -> JsonObject:
    image.only("detail", "auto", why="has no counterpart in Anthropic's format; leave it at auto")
    url = image.needed_text("url")
    image.end(_FORMAT)
    if not url.startswith("data:"):
        return {"type": "image", "source": {"type": "url", "url": url}}
    media_type, data = split_data_url(url, image.path("url"))
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def _file(file: Fields) -> JsonObject:
    media_type, data = split_data_url(file.needed_text("file_data"), file.path("file_data"))
    if media_type != "application/pdf":
        raise file.refuse("file_data", "must be a PDF as a data: URL")
    block = {
        "type": "document",
        "source": {"type": "base64", "media_type": media_type, "data": data},
        "title": file.text("filename"),
    }
    file.end(_FORMAT)
    return compact(block)
