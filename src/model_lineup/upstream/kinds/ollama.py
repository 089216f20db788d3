"""Ollama, on this machine or another, in its own protocol.

`/api/tags` only names the models, so `/api/show` is asked about each: what it can do, and its window. That is
`num_ctx` where the model file sets one, because Ollama cuts a longer prompt without a word; else what the architecture
was made for. Ollama's own default, which may be smaller, is told nowhere. A proxy in front may want a key.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from model_lineup.upstream import entries, failures, further
from model_lineup.upstream.contract import Call, Dialect, Endpoint, FormField, ListedModel, Page, Surface, Target
from model_lineup.upstream.dialects.ollama import OllamaDialect
from model_lineup.upstream.parsing import count_or_none, list_or_empty, object_of, object_or_empty, text_or_none

_SAID_ELSEWHERE = {"completion", "tools", "vision", "embedding", "thinking", "audio"}
_PATHS: dict[Surface, str] = {"chat": "/v1/chat/completions", "embeddings": "/v1/embeddings"}


class OllamaKind:
    name = "ollama"
    label = "Ollama"
    default_base_url: str | None = "http://127.0.0.1:11434"
    dialect: Dialect = OllamaDialect()
    key_needed = False
    list_reading = 1
    fields = (
        FormField("base_url", "Base URL", required=True, help="Without /v1 and /api."),
        FormField("api_key", "API key", secret=True, help="Only where a proxy in front of it wants one."),
    )

    def auth(self, endpoint: Endpoint) -> Mapping[str, str]:
        return {"authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}

    def list_call(self, endpoint: Endpoint, after: str | None) -> Call:
        return Call("/api/tags")

    def page(self, body: bytes) -> Page:
        """Raises MalformedError, ProviderError."""
        value = _read(body)
        listed = value.get("models", ...)
        return Page(tuple(_model(entry) for entry in entries.list_of([] if listed is None else listed)))

    def way(self, target: Target, surface: Surface, *, stream: bool) -> Call | None:
        """Ollama's OpenAI surface: a caller's bytes pass through there as they are."""
        path = _PATHS.get(surface)
        return None if path is None else Call(path)

    def detail_call(self, model: ListedModel) -> Call:
        return Call("/api/show", msgspec.json.encode({"model": model.model_id}))

    def detailed(self, model: ListedModel, body: bytes) -> ListedModel:
        """Capabilities are whole where they are told: one that is absent is a no. Raises as `page` does."""
        value = _read(body)
        able = {word for word in list_or_empty(value.get("capabilities")) if isinstance(word, str)}
        parameters = _parameters(value.get("parameters"))
        told = {
            "context_length": parameters.get("num_ctx") or _ceiling(object_or_empty(value.get("model_info"))),
            "max_output_tokens": parameters.get("num_predict"),
            "supports_tools": "tools" in able if able else None,
            "supports_vision": "vision" in able if able else None,
            "task": _task(able) if able else None,
            "supports_reasoning": "thinking" in able if able else None,
            "supports_audio": "audio" in able if able else None,
            "capabilities": further.words([word for word in able if word not in _SAID_ELSEWHERE]),
            "base_model": further.name(object_or_empty(value.get("details")).get("parent_model")),
        }
        return ListedModel(model.model_id, {**model.facts, **entries.known(told)})


KIND = OllamaKind()


def _read(body: bytes) -> dict[str, Any]:
    value = object_of(body)
    failures.refuse_error(value)
    return value


def _model(entry: Any) -> ListedModel:
    entry = entries.object_of(entry)
    told = {"description": _description(object_or_empty(entry.get("details")))}
    return ListedModel(entries.id_of(entry.get("model", entry.get("name"))), entries.known(told))


def _description(details: dict[str, Any]) -> str | None:
    """For example `llama, 8.0B, Q4_K_M`."""
    words = (text_or_none(details.get(key)) for key in ("family", "parameter_size", "quantization_level"))
    return text_or_none(", ".join(word for word in words if word), entries.LONGEST_DESCRIPTION)


def _task(able: set[str]) -> str:
    return "chat" if "completion" in able else "embedding" if "embedding" in able else "other"


def _ceiling(info: dict[str, Any]) -> int | None:
    """`<architecture>.context_length`: what the weights were made for."""
    return count_or_none(info.get(f"{info.get('general.architecture')}.context_length")) or None


def _parameters(text: Any) -> dict[str, int]:
    """The whole numbers above 0 among the model file's parameters: lines of a name and a value."""
    lines = (line.split() for line in text.splitlines()) if isinstance(text, str) else ()
    pairs = {line[0]: line[1] for line in lines if len(line) == 2}
    return {
        name: int(value) for name, value in pairs.items() if value.isdecimal() and 0 < len(value) < 16 and int(value)
    }
