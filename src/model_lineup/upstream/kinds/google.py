"""Google's Gemini API (not Vertex AI, which signs its requests otherwise).

The list (`models`, 1 000 to a page) tells names, versions, windows, largest output, what each model can be asked for,
and the sampling that it has where a caller says nothing. Only models that generate content or embed are taken; those
for images, video or live sessions alone cannot be called by what users of Lineup send. The key travels as a header: as
`?key=` it would stand in logs.
Source: https://ai.google.dev/api/models, read 2026-11-23.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

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
from model_lineup.upstream.dialects.google import DEFAULT_VERSION, GoogleDialect, generation
from model_lineup.upstream.parsing import count_or_none, list_or_empty, object_of, text_or_none

_PAGE_SIZE = ("pageSize", "1000")
_TASKS = {"generateContent": "chat", "embedContent": "embedding", "batchEmbedContents": "embedding"}
_DEFAULTS = {"temperature": "temperature", "topP": "top_p", "topK": "top_k"}
_PAGE_FIELDS = {"models", "nextPageToken"}


class GoogleKind:
    name = "google"
    label = "Google Gemini"
    default_base_url: str | None = "https://generativelanguage.googleapis.com"
    dialect: Dialect = GoogleDialect()
    key_needed = True
    list_reading = 1
    fields = (
        FormField("base_url", "Base URL", required=True, help="Without the version."),
        FormField("api_key", "API key", required=True, secret=True, help="From Google AI Studio."),
        FormField("api_version", "API version", help=f"{DEFAULT_VERSION} if empty."),
    )

    def auth(self, endpoint: Endpoint) -> Mapping[str, str]:
        return {"x-goog-api-key": endpoint.api_key} if endpoint.api_key else {}

    def list_call(self, endpoint: Endpoint, after: str | None) -> Call:
        version = quote(endpoint.api_version or DEFAULT_VERSION, safe="")
        return Call(f"/{version}/models", query=(_PAGE_SIZE, *((("pageToken", after),) if after else ())))

    def page(self, body: bytes) -> Page:
        """An empty list has no `models` at all. Raises MalformedError, ProviderError."""
        value = object_of(body)
        failures.refuse_error(value)
        if not value.keys() <= _PAGE_FIELDS:
            raise MalformedError("the answer holds no list of models")
        models = (_model(entry) for entry in entries.list_of(value.get("models", [])))
        return Page(tuple(model for model in models if model is not None), text_or_none(value.get("nextPageToken")))

    def way(self, target: Target, surface: Surface, *, stream: bool) -> Call | None:
        return generation(target, stream=stream) if surface == "generate" else None


KIND = GoogleKind()


def _model(entry: Any) -> ListedModel | None:
    """`None` for a model that neither generates nor embeds."""
    entry = entries.object_of(entry)
    name = entry.get("name")
    model_id = entries.id_of(name.removeprefix("models/") if isinstance(name, str) else name)
    tasks = [_TASKS[one] for one in list_or_empty(entry.get("supportedGenerationMethods")) if str(one) in _TASKS]
    if not tasks:
        return None
    told = {
        "display_name": text_or_none(entry.get("displayName"), entries.LONGEST_NAME),
        "description": text_or_none(entry.get("description"), entries.LONGEST_DESCRIPTION),
        "context_length": count_or_none(entry.get("inputTokenLimit")) or None,
        "max_output_tokens": count_or_none(entry.get("outputTokenLimit")) or None,
        "task": "chat" if "chat" in tasks else "embedding",
        "supports_reasoning": thinks if isinstance(thinks := entry.get("thinking"), bool) else None,
        "methods": further.words(entry.get("supportedGenerationMethods")),
        "base_model": _base(entry, model_id),
        "model_version": further.name(entry.get("version")),
        "default_parameters": further.parameters_as_words(
            {ours: entry.get(theirs) for theirs, ours in _DEFAULTS.items()}
        ),
    }
    if told["task"] == "embedding":
        told["max_output_tokens"] = None  # Google says 1 there: one vector
    return ListedModel(model_id, entries.known(told))


def _base(entry: dict[str, Any], model_id: str) -> str | None:
    """The model that this one is a version of, where that is another name."""
    told = further.name(entry.get("baseModelId"))
    return None if told == model_id else told
