"""The OpenAPI 3.1 document of `/v1`: what Lineup itself promises there.

Bodies of requests and answers belong to OpenAI's and Anthropic's formats and pass through; of them only the fields that
Lineup reads or writes are told, and the rest is open. It needs no credential and no internet.
"""

import functools
from typing import Any

import msgspec

from model_lineup import __version__
from model_lineup.gateway.openapi_shapes import (
    ANSWER_HEADERS,
    ANTHROPIC_LIMITS,
    EVERY_ANSWER,
    LIMITS,
    MESSAGES,
    RETRY_AFTER,
    SCHEMAS,
)

_ABOUT = (
    "OpenAI's and Anthropic's APIs over the models that an administrator made available. Whatever is hidden, switched "
    "off, deleted or unknown answers every caller with the same 404 `model_not_found`. Keys come as "
    "`Authorization: Bearer` or as `x-api-key`."
)
_ENDPOINTS = {
    "/v1/chat/completions": (
        "ChatRequest",
        "OpenAI's chat. Passes where the provider speaks it, and is translated to Anthropic's and Gemini's format.",
    ),
    "/v1/messages": (
        "MessagesRequest",
        "Anthropic's messages. Passes where the provider speaks it, and is translated to OpenAI's and Gemini's format.",
    ),
    "/v1/messages/count_tokens": (
        "CountRequest",
        "Anthropic's counting of tokens, where the provider speaks it; 400 `unsupported_by_provider` elsewhere.",
    ),
    "/v1/embeddings": (
        "EmbeddingsRequest",
        "OpenAI's embeddings, where the provider speaks it; 400 `unsupported_by_provider` elsewhere.",
    ),
    "/v1/responses": (
        "ResponsesRequest",
        "OpenAI's responses, where the provider speaks it; 400 `unsupported_by_provider` elsewhere.",
    ),
}
_STREAMED = ("/v1/chat/completions", "/v1/messages", "/v1/responses")
_REFUSALS = {
    "400": "The body or a parameter, or what this model's provider cannot be asked.",
    "401": "The key.",
    "403": "The model is there, but not for agents.",
    "404": "Hidden, switched off, deleted or unknown: nobody can tell which.",
    "413": "The body is too large.",
    "429": "Too much at a time.",
    "502": "The provider's fault, or that of the credential that Lineup has for it.",
    "503": "Try again.",
    "504": "The provider was too slow.",
}
_PAGE = [
    {
        "name": "limit",
        "in": "query",
        "description": "Names on a page, as Anthropic's SDK asks for them.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 1000},
    },
    {"name": "after_id", "in": "query", "description": "The page after this name.", "schema": {"type": "string"}},
    {"name": "before_id", "in": "query", "description": "The page before this name.", "schema": {"type": "string"}},
]
_LATER = ("429", "503")
Json = dict[str, Any]


def document() -> Json:
    """The whole document, made anew."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lineup user surface", "version": __version__, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"api_key": []}],
        "tags": [{"name": "Models"}, {"name": "Calls"}],
        "paths": {
            "/v1/models": {"get": _listing()},
            "/v1/models/{name}": {"get": _one_model()},
            **{path: {"post": _call(path, shape, about)} for path, (shape, about) in _ENDPOINTS.items()},
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "api_key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
            "headers": {
                **EVERY_ANSWER,
                **MESSAGES,
                **ANSWER_HEADERS,
                **RETRY_AFTER,
                **LIMITS,
                **ANTHROPIC_LIMITS,
            },
            "schemas": SCHEMAS,
        },
    }


@functools.cache
def encoded() -> bytes:
    return msgspec.json.encode(document())


def _listing() -> Json:
    answer = {"description": "Every listed name once.", "headers": _headers(EVERY_ANSWER), **_json("ModelList")}
    return {
        "operationId": "list_models",
        "tags": ["Models"],
        "description": "The names that this key may call, from memory: all of them, or the page that is asked for.",
        "parameters": _PAGE,
        "responses": {"200": answer, **_refusals("400", "401", "503")},
    }


def _one_model() -> Json:
    name = {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "An alias, a provider's own id, or `slug/id`. It may hold `/`.",
        "schema": {"type": "string", "minLength": 1},
    }
    answer = {"description": "As it stands in the list.", "headers": _headers(EVERY_ANSWER), **_json("Model")}
    return {
        "operationId": "retrieve_model",
        "tags": ["Models"],
        "description": "One name; also one that can be called and is not listed.",
        "parameters": [name],
        "responses": {"200": answer, **_refusals("401", "403", "404", "503")},
    }


def _call(path: str, shape: str, about: str) -> Json:
    media: Json = {"application/json": {"schema": _ref("Answer")}}
    if path in _STREAMED:
        media["text/event-stream"] = {"schema": {"type": "string"}}
    more = {**MESSAGES, **ANTHROPIC_LIMITS} if path.startswith("/v1/messages") else {}
    headers = {**EVERY_ANSWER, **more, **ANSWER_HEADERS, **LIMITS}
    answer = {"description": "The provider's answer.", "headers": _headers(headers), "content": media}
    return {
        "operationId": path.removeprefix("/v1/").replace("/", "_"),
        "tags": ["Calls"],
        "description": about,
        "requestBody": {"required": True, **_json(shape)},
        "responses": {"200": answer, **_refusals(*_REFUSALS)},
    }


def _refusals(*statuses: str) -> Json:
    return {status: _refusal(status) for status in statuses}


def _refusal(status: str) -> Json:
    headers = {**EVERY_ANSWER, **(RETRY_AFTER if status in _LATER else {})}
    return {"description": _REFUSALS[status], "headers": _headers(headers), **_json("Error")}


def _headers(named: Json) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in named}


def _json(shape: str) -> Json:
    return {"content": {"application/json": {"schema": _ref(shape)}}}


def _ref(shape: str) -> Json:
    return {"$ref": f"#/components/schemas/{shape}"}
