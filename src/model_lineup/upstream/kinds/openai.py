"""OpenAI, and everything that speaks its API: vLLM, llama.cpp, LM Studio, OpenRouter, Groq, Mistral, Together …

Lists come as `{"data": [...]}`, `{"models": [...]}` or a bare array, usually in one page; where `has_more` is true, the
next page is asked for with `after`. Entries of one id are one model, the first counts. One entry that is no model
refuses the whole page: half a list would look as if the other half had vanished.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from model_lineup.upstream import entries, facts, failures
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
from model_lineup.upstream.dialects.openai import OpenAIDialect
from model_lineup.upstream.parsing import json_of

_PATHS: dict[Surface, str] = {"chat": "/chat/completions", "embeddings": "/embeddings", "responses": "/responses"}


class OpenAIKind:
    name = "openai"
    label = "OpenAI or compatible"
    default_base_url: str | None = "https://api.openai.com/v1"
    dialect: Dialect = OpenAIDialect()
    key_needed = False
    list_reading = 1
    fields: tuple[FormField, ...] = (
        FormField("base_url", "Base URL", required=True, help="As the server documents it, mostly ending in /v1."),
        FormField("api_key", "API key", secret=True, help="Local servers often need none."),
        FormField("headers", "Extra headers", help="For example OpenAI-Organization and OpenAI-Project."),
    )

    def auth(self, endpoint: Endpoint) -> Mapping[str, str]:
        return {"authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}

    def list_call(self, endpoint: Endpoint, after: str | None) -> Call:
        return Call("/models", query=(("after", after),) if after else ())

    def page(self, body: bytes) -> Page:
        """Raises MalformedError, ProviderError."""
        value = json_of(body)
        failures.refuse_error(value)
        models = tuple(_model(entry) for entry in _entries(value))
        return Page(models, _following(value, models))

    def way(self, target: Target, surface: Surface, *, stream: bool) -> Call | None:
        path = _PATHS.get(surface)
        return None if path is None else Call(path)


KIND = OpenAIKind()


def _entries(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = value.get("data") if "data" in value else value.get("models")
    return entries.list_of(value)


def _model(entry: Any) -> ListedModel:
    entry = entries.object_of(entry)
    model_id = entries.id_of(entry.get("id", entry.get("model", entry.get("name"))))
    return ListedModel(model_id, facts.facts_of({**entry, "id": model_id}))


def _following(value: Any, models: tuple[ListedModel, ...]) -> str | None:
    if not isinstance(value, dict) or value.get("has_more") is not True:
        return None
    if not models:
        raise MalformedError("the model list promises more after an empty page")
    last = value.get("last_id")
    return last if isinstance(last, str) and last else models[-1].model_id
