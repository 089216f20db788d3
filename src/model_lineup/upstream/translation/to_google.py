"""OpenAI's chat request in the words of Google's Gemini API.

Gemini names the function, not the call, in a tool's result, so the call that a result answers must be in the request.
A call carries Gemini's thought signature in `extra_content.google.thought_signature`, as Google's own OpenAI surface
does; it must come back with the next request.
Source: the SDK (google-genai 3.4), and https://ai.google.dev/gemini-api/docs/openai, read 2026-11-23.
"""

from typing import Any

import msgspec

from model_lineup.upstream.translation.fields import Fields, compact
from model_lineup.upstream.translation.images import split_data_url
from model_lineup.upstream.translation.shapes import JsonObject, Translated

_FORMAT = "Gemini's format"
_HINTS = ("prompt_cache_key", "prompt_cache_retention", "prompt_cache_options")
_HINTS_ABOUT_CALLERS = ("user", "safety_identifier")


def request(body: JsonObject, *, max_tokens: int | None) -> Translated:
    """Raises UntranslatableError. The body has neither `model` nor `stream`: both stand in the path."""
    left_out: list[str] = []
    fields = Fields(body, "", left_out)
    fields.any("model")
    fields.any("stream_options")  # whether usage is told in the stream: the translation back does that
    fields.flag("stream")
    system, contents = _Conversation(fields).read()
    functions = [_function(tool) for tool in fields.each("tools")]
    translated = {
        "contents": contents,
        "systemInstruction": {"parts": system} if system else None,
        "tools": [{"functionDeclarations": functions}] if functions else None,
        "toolConfig": _tool_config(fields),
        "generationConfig": _generation(fields) or None,
    }
    _refuse_the_rest(fields)
    return Translated(compact(translated), tuple(left_out))


def _generation(fields: Fields) -> JsonObject:
    newer, older = fields.whole("max_completion_tokens"), fields.whole("max_tokens")
    stop = fields.any("stop")
    if not isinstance(stop, str | list | None):
        raise fields.refuse("stop", "must be text, or a list of texts")
    settings = {
        "maxOutputTokens": older if newer is None else newer,
        "temperature": fields.number("temperature"),
        "topP": fields.number("top_p"),
        "stopSequences": ([stop] if isinstance(stop, str) else stop) or None,
        "seed": fields.whole("seed"),
        "frequencyPenalty": fields.number("frequency_penalty"),
        "presencePenalty": fields.number("presence_penalty"),
    }
    wanted = fields.inner("response_format")
    return compact(settings) | ({} if wanted is None else _format(wanted))


def _format(wanted: Fields) -> JsonObject:
    kind = wanted.text("type")
    if kind == "text":
        return {}
    if kind == "json_object":
        return {"responseMimeType": "application/json"}
    if kind != "json_schema":
        raise wanted.refuse("type", "must be text, json_object or json_schema")
    schema = wanted.needed_inner("json_schema").needed_object("schema")
    return {"responseMimeType": "application/json", "responseJsonSchema": schema}


def _refuse_the_rest(fields: Fields) -> None:
    fields.only("n", 1, why="Lineup translates one answer; ask several times instead")
    fields.only("logprobs", False, why="probabilities cannot be translated")
    fields.only("parallel_tool_calls", True, why="Gemini decides itself whether to call several tools at once")
    fields.only("store", False, why="nothing is stored there")
    fields.only("modalities", ["text"], why="only text comes back")
    fields.only("service_tier", "auto", "default", why="choose a tier at the provider")
    for name in ("logit_bias", "metadata"):
        fields.only(name, {}, why=f"has no counterpart in {_FORMAT}")
    fields.hint(*_HINTS, *_HINTS_ABOUT_CALLERS)
    fields.end(_FORMAT)


def _function(tool: Fields) -> JsonObject:
    if tool.text("type") != "function":
        raise tool.refuse("type", "only functions can be translated")
    function = tool.needed_inner("function")
    declared = {
        "name": function.needed_text("name"),
        "description": function.text("description"),
        "parametersJsonSchema": function.object("parameters"),
    }
    function.only("strict", False, why=f"has no counterpart in {_FORMAT}")
    function.end(_FORMAT)
    tool.end(_FORMAT)
    return compact(declared)


def _tool_config(fields: Fields) -> JsonObject | None:
    choice = fields.any("tool_choice")
    if choice is None:
        return None
    modes = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
    if isinstance(choice, str) and choice in modes:
        return {"functionCallingConfig": {"mode": modes[choice]}}
    if isinstance(choice, dict) and choice.get("type") == "function":
        name = Fields(choice, "tool_choice", fields.left_out).needed_inner("function").needed_text("name")
        return {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [name]}}
    raise fields.refuse("tool_choice", "must be auto, none, required or a function")


class _Conversation:
    """The turns of one request; remembers which call was of which function."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._functions: dict[str, str] = {}

    def read(self) -> tuple[list[JsonObject], list[JsonObject]]:
        """The parts of the system instruction, and the contents."""
        system: list[JsonObject] = []
        contents: list[JsonObject] = []
        for message in self._fields.each("messages"):
            role, parts = self._turn(message)
            if role == "system":
                if contents:
                    raise message.refuse("role", "Gemini takes instructions only before the first turn")
                system += parts
            elif contents and contents[-1]["role"] == role:
                contents[-1]["parts"] += parts
            else:
                contents.append({"role": role, "parts": parts})
        if not contents:
            raise self._fields.refuse("messages", "must hold at least one turn of the user")
        return system, contents

    def _turn(self, message: Fields) -> tuple[str, list[JsonObject]]:
        role = message.needed_text("role")
        if role in ("system", "developer"):
            turn = ("system", _content(message))
        elif role == "user":
            turn = ("user", _content(message))
        elif role == "assistant":
            turn = ("model", self._assistant(message))
        elif role == "tool":
            turn = ("user", [self._result(message)])
        else:
            raise message.refuse("role", "must be system, developer, user, assistant or tool")
        message.end(_FORMAT)
        return turn

    def _assistant(self, message: Fields) -> list[JsonObject]:
        message.hint("reasoning_content", "reasoning")
        message.only("annotations", [], why=f"has no counterpart in {_FORMAT}")
        parts = _content(message)
        refusal = message.text("refusal")
        if refusal:
            parts.append({"text": refusal})
        return parts + [self._call(call) for call in message.each("tool_calls")]

    def _call(self, call: Fields) -> JsonObject:
        if call.text("type") not in ("function", None):
            raise call.refuse("type", "only functions can be translated")
        call.hint("index")
        function, call_id = call.needed_inner("function"), call.needed_text("id")
        name = self._functions[call_id] = function.needed_text("name")
        arguments = _object_in(function, "arguments", function.text("arguments") or "{}")
        function.end(_FORMAT)
        part: JsonObject = {"functionCall": {"name": name, "args": arguments}}
        extra = call.any("extra_content")
        signature = extra.get("google", {}).get("thought_signature") if isinstance(extra, dict) else None
        if isinstance(signature, str):
            part["thoughtSignature"] = signature
        call.end(_FORMAT)
        return part

    def _result(self, message: Fields) -> JsonObject:
        call_id = message.needed_text("tool_call_id")
        name = self._functions.get(call_id)
        if name is None:
            raise message.refuse("tool_call_id", "answers no call that stands before it")
        text = "".join(part["text"] if "text" in part else _no_image(message) for part in _content(message))
        return {"functionResponse": {"name": name, "response": _response(text)}}


def _no_image(message: Fields) -> str:
    raise message.refuse("content", "the result of a tool can only be text for Gemini")


def _response(text: str) -> JsonObject:
    """An object as it is; anything else under `result`, as Gemini demands an object."""
    try:
        value: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        value = text
    return value if isinstance(value, dict) else {"result": value}


def _object_in(fields: Fields, name: str, text: str) -> JsonObject:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        value = None
    if not isinstance(value, dict):
        raise fields.refuse(name, "must be a JSON object, as text")
    return value


def _content(message: Fields) -> list[JsonObject]:
    value = message.any("content")
    if value is None or isinstance(value, str):
        return [{"text": value}] if value else []
    if not isinstance(value, list):
        raise message.refuse("content", "must be text or a list of parts")
    parts = (Fields(part, f"{message.path('content')}[{at}]", message.left_out) for at, part in enumerate(value))
    return [_part(part) for part in parts]


def _part(part: Fields) -> JsonObject:
    kind = part.needed_text("type")
    part.hint("prompt_cache_breakpoint")
    if kind in ("text", "refusal"):
        made: JsonObject = {"text": part.needed_text(kind)}
    elif kind == "image_url":
        image = part.needed_inner("image_url")
        image.only("detail", "auto", why=f"has no counterpart in {_FORMAT}; leave it at auto")
        made = _inline(image, "url")
    elif kind == "file":
        file = part.needed_inner("file")
        file.hint("filename")
        made = _inline(file, "file_data")
    else:
        raise part.refuse("type", "only text, images and files can be translated")
    part.end(_FORMAT)
    return made


def _inline(holder: Fields, name: str) -> JsonObject:
    media_type, data = split_data_url(holder.needed_text(name), holder.path(name))
    holder.end(_FORMAT)
    return {"inlineData": {"mimeType": media_type, "data": data}}
