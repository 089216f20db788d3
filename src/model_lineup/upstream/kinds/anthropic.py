"""Anthropic, and servers that speak its Messages API.

The base URL is the one that Anthropic's SDKs take, without `/v1`. The list (`/v1/models`, 1 000 to a page) tells
names, window, largest output, abilities (images, PDF, thinking, structured outputs …), and until when a model will be
there; it says nothing about tools, so these stay unknown until somebody tests them. Retired models are not listed.
"""

from collections.abc import Mapping
from typing import Any

from model_lineup.upstream import entries, failures, further
from model_lineup.upstream.contract import (
    Call,
    Dialect,
    Endpoint,
    FormField,
    ListedModel,
    MalformedError,
    Page,
    Surface,
    Target,
)
from model_lineup.upstream.dialects.anthropic import AnthropicDialect
from model_lineup.upstream.parsing import count_or_none, object_of, object_or_empty, text_or_none

_VERSION = "2023-06-01"
_PAGE_SIZE = ("limit", "1000")
_PATHS: dict[Surface, str] = {"messages": "/v1/messages", "count_tokens": "/v1/messages/count_tokens"}


class AnthropicKind:
    name = "anthropic"
    label = "Anthropic"
    default_base_url: str | None = "https://api.anthropic.com"
    dialect: Dialect = AnthropicDialect()
    key_needed = True
    list_reading = 1
    fields = (
        FormField("base_url", "Base URL", required=True, help="Without /v1."),
        FormField("api_key", "API key", required=True, secret=True),
        FormField("api_version", "API version", help=f"Sent as anthropic-version; {_VERSION} if empty."),
        FormField("headers", "Extra headers", help="For example anthropic-beta."),
    )

    def auth(self, endpoint: Endpoint) -> Mapping[str, str]:
        key = {"x-api-key": endpoint.api_key} if endpoint.api_key else {}
        return {"anthropic-version": endpoint.api_version or _VERSION, **key}

    def list_call(self, endpoint: Endpoint, after: str | None) -> Call:
        return Call("/v1/models", query=(_PAGE_SIZE, *((("after_id", after),) if after else ())))

    def page(self, body: bytes) -> Page:
        """Raises MalformedError, ProviderError."""
        value = object_of(body)
        failures.refuse_error(value)
        models = tuple(_model(entry) for entry in entries.list_of(value.get("data")))
        return Page(models, _following(value))

    def way(self, target: Target, surface: Surface, *, stream: bool) -> Call | None:
        path = _PATHS.get(surface)
        return None if path is None else Call(path)


KIND = AnthropicKind()


def _model(entry: Any) -> ListedModel:
    entry = entries.object_of(entry)
    images = object_or_empty(object_or_empty(entry.get("capabilities")).get("image_input")).get("supported")
    told = {
        "display_name": text_or_none(entry.get("display_name"), entries.LONGEST_NAME),
        "context_length": count_or_none(entry.get("max_input_tokens")) or None,
        "max_output_tokens": count_or_none(entry.get("max_tokens")) or None,
        "supports_vision": images if isinstance(images, bool) else None,
        "task": "chat",
        "lifecycle": _lifecycle(entry),
        "released_on": further.day(entry.get("created_at")),
        "base_model": text_or_none(entry.get("line"), entries.LONGEST_NAME),
        **further.able(entry.get("capabilities")),
    }
    return ListedModel(entries.id_of(entry.get("id")), entries.known(told))


def _lifecycle(entry: dict[str, Any]) -> dict[str, Any] | None:
    """Dates as Anthropic writes them; `state` is active, deprecated or retired."""
    told = {"state": entry.get("lifecycle"), **{key: entry.get(key) for key in ("deprecated_at", "retires_at")}}
    return entries.known({key: text_or_none(value, entries.LONGEST_NAME) for key, value in told.items()}) or None


def _following(value: dict[str, Any]) -> str | None:
    if value.get("has_more") is not True:
        return None
    last = text_or_none(value.get("last_id"))
    if last is None:
        raise MalformedError("the model list promises more and does not say where")
    return last
