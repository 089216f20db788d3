"""The shapes and headers that the OpenAPI document of `/v1` names."""

from typing import Any

Json = dict[str, Any]


def _header(about: str, kind: str = "string") -> Json:
    return {"description": about, "schema": {"type": kind}}


EVERY_ANSWER: Json = {
    "x-request-id": _header("Of this request; the caller may choose it by sending that header."),
}
RETRY_AFTER: Json = {"retry-after": _header("Seconds after which to come again, where they are known.", "integer")}
LIMITS: Json = {
    f"x-ratelimit-{word}-{what}": _header(f"{about} Only where the key has a limit of {what} per minute.")
    for what in ("requests", "tokens")
    for word, about in (
        ("limit", "The limit."),
        ("remaining", "What is left of it."),
        ("reset", "Seconds until all of it is there again, like `12s`."),
    )
}
ANTHROPIC_LIMITS: Json = {
    f"anthropic-ratelimit-{what}-{word}": _header(f"{about} Only where the key has a limit of {what} per minute.")
    for what in ("requests", "tokens")
    for word, about in (
        ("limit", "The limit."),
        ("remaining", "What is left of it."),
        ("reset", "The moment at which all of it is there again."),
    )
}
MESSAGES: Json = {"request-id": _header("The same as `x-request-id`, under Anthropic's name.")}
ANSWER_HEADERS: Json = {
    "x-lineup-model": _header("The provider's own id of the model that answered."),
    "x-lineup-provider": _header("The slug of the provider that answered."),
    "x-lineup-revision": _header("The configuration that this answer came of.", "integer"),
    "x-lineup-fallback": _header("Which of the alias's fallbacks answered, from 1; absent for the model itself."),
    "x-lineup-left-out": _header("Hints that the provider's format has no place for and that were left out."),
}


def _maybe(kind: str, about: str) -> Json:
    return {"anyOf": [{"type": kind}, {"type": "null"}], "description": about}


def _object(about: str, required: tuple[str, ...], **fields: Json) -> Json:
    return {"type": "object", "description": about, "required": list(required), "properties": fields}


_MODEL_FIELD = {"type": "string", "minLength": 1, "description": "An alias, a provider's own id, or `slug/id`."}
_STREAM = {"type": "boolean", "description": "Whether the answer comes as server-sent events."}
_LIST = {"type": "array", "items": {}}
_OPEN = " What else the format has is passed on; a field that would choose destination or credential is refused."
_COUNT = {"type": "integer"}

SCHEMAS: Json = {
    "Model": _object(
        "A name that can be called: OpenAI's and Anthropic's form in one.",
        (
            "id",
            "object",
            "type",
            "created",
            "created_at",
            "owned_by",
            "display_name",
            "task",
            "lifecycle",
            "capabilities",
        ),
        id={"type": "string"},
        object={"const": "model"},
        type={"const": "model"},
        created={"type": "integer", "description": "Unix time, s."},
        created_at={"type": "string", "format": "date-time"},
        owned_by={"type": "string", "description": "The provider's slug."},
        display_name={"type": "string"},
        task={"enum": ["chat", "embedding", "other", "unknown"]},
        context_length=_maybe("integer", "Tokens; null where it is not known."),
        max_output_tokens=_maybe("integer", "Tokens; null where it is not known."),
        max_input_tokens=_maybe("integer", "Anthropic's name for `context_length`."),
        max_tokens=_maybe("integer", "Anthropic's name for `max_output_tokens`."),
        capabilities=_object(
            "Null where it is not known.",
            ("tools", "vision", "streaming"),
            tools=_maybe("boolean", ""),
            vision=_maybe("boolean", ""),
            streaming=_maybe("boolean", ""),
            image_input={"type": "object", "description": "`supported`: Anthropic's word for `vision`, where known."},
        ),
        lifecycle={"enum": ["active", "deprecated"], "description": "Deprecated: do not begin to use it."},
        deprecated={"const": True, "description": "Where something is said of its end, and so the next ones."},
        deprecated_at={"type": "string", "format": "date-time"},
        sunset_at={"type": "string", "format": "date-time", "description": "From then on it answers 404."},
        retires_at={"type": "string", "format": "date-time", "description": "Anthropic's name for `sunset_at`."},
        shutdown_date={"type": "string", "format": "date", "description": "OpenAI's word for the day of `sunset_at`."},
        successor={"type": "string", "description": "The name that follows, where this key may call it."},
        notice={"type": "string", "description": "The administrator's words."},
        alias_of={"type": "string", "description": "The provider's own id, where the name is an alias."},
    ),
    "ModelList": _object(
        "Names in the order of their letters, all of them unless a page was asked for.",
        ("object", "data", "has_more", "first_id", "last_id"),
        object={"const": "list"},
        data={"type": "array", "items": {"$ref": "#/components/schemas/Model"}},
        has_more={"type": "boolean"},
        first_id=_maybe("string", "Null for an empty list."),
        last_id=_maybe("string", "Null for an empty list."),
    ),
    "Error": _object(
        "One body that OpenAI's and Anthropic's SDKs both turn into their typed exceptions.",
        ("type", "error", "request_id"),
        type={"const": "error"},
        error=_object(
            "Look at `code`, which stays; the message may be worded better one day.",
            ("type", "code", "message", "param", "details"),
            type={"type": "string", "description": "Anthropic's word for this sort of error."},
            code={"type": "string"},
            message={"type": "string"},
            param=_maybe("string", "The field that is wrong, if one is."),
            details=_object(
                "Where Anthropic's SDK looks for the code.", ("error_code",), error_code={"type": "string"}
            ),
        ),
        request_id={"type": "string"},
    ),
    "Answer": _object(
        "In the caller's format; `model` is the name that the caller said.", (), model={"type": "string"}, usage={}
    ),
    "ChatRequest": _object(
        f"OpenAI's chat completion request.{_OPEN}",
        ("model", "messages"),
        model=_MODEL_FIELD,
        messages=_LIST,
        stream=_STREAM,
        stream_options=_maybe("object", "`include_usage`: whether the caller gets the chunk that counts tokens."),
    ),
    "MessagesRequest": _object(
        f"Anthropic's message request.{_OPEN}",
        ("model", "messages", "max_tokens"),
        model=_MODEL_FIELD,
        messages=_LIST,
        max_tokens=_COUNT,
        stream=_STREAM,
    ),
    "CountRequest": _object(
        f"A message request of which only the tokens are counted.{_OPEN}",
        ("model", "messages"),
        model=_MODEL_FIELD,
        messages=_LIST,
    ),
    "EmbeddingsRequest": _object(
        f"OpenAI's embedding request.{_OPEN}", ("model", "input"), model=_MODEL_FIELD, input={}
    ),
    "ResponsesRequest": _object(
        f"OpenAI's response request.{_OPEN}", ("model",), model=_MODEL_FIELD, input={}, stream=_STREAM
    ),
}
