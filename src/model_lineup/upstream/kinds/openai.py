"""OpenAI, and everything that speaks its API: vLLM, llama.cpp, LM Studio, OpenRouter, Groq, Mistral, Together …

Lists come as `{"data": [...]}`, `{"models": [...]}` or a bare array, usually in one page; where `has_more` is true, the
next page is asked for with `after`. Entries of one id are one model, the first counts. One entry that is no model
refuses the whole page: half a list would look as if the other half had vanished.
"""

from collections.abc import Mapping
from typing import Any

from model_lineup.upstream import facts, failures
from model_lineup.upstream.contract import Dialect, Endpoint, FormField, ListedModel, MalformedError, Page
from model_lineup.upstream.dialects.openai import OpenAIDialect
from model_lineup.upstream.parsing import json_of

_LONGEST_ID = 512


class OpenAIKind:
    name = "openai"
    label = "OpenAI or compatible"
    default_base_url: str | None = "https://api.openai.com/v1"
    dialect: Dialect = OpenAIDialect()
    key_needed = False
    fields = (
        FormField("base_url", "Base URL", required=True, help="As the server documents it, mostly ending in /v1."),
        FormField("api_key", "API key", secret=True, help="Local servers often need none."),
        FormField("headers", "Extra headers", help="For example OpenAI-Organization and OpenAI-Project."),
    )

    def auth(self, endpoint: Endpoint) -> Mapping[str, str]:
        return {"authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}

    def list_path(self, endpoint: Endpoint) -> str:
        return "/models"

    def page(self, body: bytes) -> Page:
        """Raises MalformedError, ProviderError."""
        value = json_of(body)
        error = failures.find_error(value)
        if error is not None:
            raise error
        models = tuple(_model(entry) for entry in _entries(value))
        return Page(models, _following(value, models))


KIND = OpenAIKind()


def _entries(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = value.get("data") if "data" in value else value.get("models")
    if not isinstance(value, list):
        raise MalformedError("the answer holds no list of models")
    return value


def _model(entry: Any) -> ListedModel:
    if not isinstance(entry, dict):
        raise MalformedError("an entry of the model list is not an object")
    model_id = entry.get("id", entry.get("model", entry.get("name")))
    if not isinstance(model_id, str) or not 0 < len(model_id) <= _LONGEST_ID or _has_control(model_id):
        raise MalformedError(f"an entry of the model list has no valid id (text of 1 to {_LONGEST_ID} characters)")
    return ListedModel(model_id, facts.facts_of({**entry, "id": model_id}))


def _has_control(text: str) -> bool:
    return any(character < " " or character == "\x7f" for character in text)


def _following(value: Any, models: tuple[ListedModel, ...]) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(value, dict) or value.get("has_more") is not True:
        return None
    if not models:
        raise MalformedError("the model list promises more after an empty page")
    last = value.get("last_id")
    return (("after", last if isinstance(last, str) and last else models[-1].model_id),)
