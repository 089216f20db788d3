"""What an entry of an OpenAI-compatible model list truly tells. Pure.

Read here: vLLM `max_model_len` · llama.cpp `meta.n_ctx` (per slot, so what a request can really use; `n_ctx_train` is
the architecture's) and `architecture` · OpenRouter `context_length`, `architecture`, `top_provider`, `pricing`,
`supported_parameters` · Mistral `capabilities`, `max_context_length`, `deprecation`, `archived` · Groq
`context_window`, `max_completion_tokens`, `active` · Together and LM Studio `type` · Fireworks `supports_…` · DeepInfra
`metadata` · OpenAI `shutdown_date` · Azure `capabilities`, `lifecycle_status`, `deprecation` · another Lineup `task`,
`capabilities`, `deprecated_at`, `retires_at`, `successor`. Anything odd is left out, not guessed. `further` reads what
has no field of the model's own.
"""

from collections.abc import Callable, Iterable
from typing import Any

from model_lineup.upstream import further

Entry = dict[str, Any]
_LARGEST = 2**53
_LONGEST_NAME = 200
_LONGEST_WORD = 60
_MOST_PRICES = 20
_MOST_WORDS = 1_000
_LONGEST_DESCRIPTION = 4000


def facts_of(entry: Entry) -> dict[str, Any]:
    """Field → value, for the fields that the entry tells. Keys are those of `ListedModel.facts`."""
    metadata = entry.get("metadata")
    if isinstance(metadata, dict):
        entry = {**{key: metadata[key] for key in _IN_METADATA if key in metadata}, **entry}
    found = {field: read(entry) for field, read in _READERS.items()}
    return further.of_entry(entry) | {field: value for field, value in found.items() if value is not None}


def _display_name(entry: Entry) -> str | None:
    name = _text(entry.get("display_name") or entry.get("name"), _LONGEST_NAME)
    return None if name == entry.get("id") else name


def _description(entry: Entry) -> str | None:
    return _text(entry.get("description"), _LONGEST_DESCRIPTION)


def _context_length(entry: Entry) -> int | None:
    meta, top = _object(entry.get("meta")), _object(entry.get("top_provider"))
    return _first_count(
        entry.get("max_model_len"),
        meta.get("n_ctx"),
        entry.get("loaded_context_length"),
        top.get("context_length"),
        entry.get("context_length"),
        entry.get("context_window"),
        entry.get("max_context_length"),
    )


def _max_output_tokens(entry: Entry) -> int | None:
    top = _object(entry.get("top_provider"))
    return _first_count(
        top.get("max_completion_tokens"),
        entry.get("max_completion_tokens"),
        entry.get("max_output_tokens"),
        entry.get("max_tokens"),
    )


def _supports_tools(entry: Entry) -> bool | None:
    told = _first_flag(*(_capability(entry, word) for word in _TOOLS), entry.get("supports_tools"))
    if told is None and (parameters := _texts(entry.get("supported_parameters"))):
        return "tools" in parameters
    return told


def _supports_vision(entry: Entry) -> bool | None:
    told = _first_flag(*(_capability(entry, word) for word in _VISION), entry.get("supports_image_input"))
    if told is None and (modalities := further.reads_of(entry)):
        return "image" in modalities
    return told


def _supports_streaming(entry: Entry) -> bool | None:
    return _capability(entry, "streaming")


def _task(entry: Entry) -> str | None:
    if any(_capability(entry, word) for word in _CHATS) or entry.get("supports_chat") is True:
        return "chat"
    if _capability(entry, "embeddings"):
        return "embedding"
    told = _TASKS.get(str(entry.get("type"))) or _TASKS.get(str(entry.get("task")))
    outputs = _texts(_object(entry.get("architecture")).get("output_modalities"))
    if told is None and outputs:
        return "chat" if "text" in outputs else "embedding" if _EMBEDDINGS & outputs else "other"
    return told


def _pricing(entry: Entry) -> dict[str, Any] | None:
    """As the provider gives it: strings or numbers per token, request or image."""
    told = list(_object(entry.get("pricing")).items())[:_MOST_PRICES]
    return {key: value for key, value in told if _is_short(key) and _is_price(value)} or None


def _lifecycle(entry: Entry) -> dict[str, Any] | None:
    """`retires_at`, `replacement` and `deprecated_at` as the provider writes them; `state` where it says more than that
    a model is there: Groq's and Mistral's that is switched off is `inactive`, Azure's word in small letters."""
    dates = [*(entry.get(key) for key in _RETIREMENT), _object(entry.get("deprecation")).get("inference")]
    retires = next((date for date in dates if _is_date(date)), None)
    replacement = _text(entry.get("deprecation_replacement_model") or entry.get("successor"), _LONGEST_NAME)
    deprecated = _text(entry.get("deprecated_at"), _LONGEST_NAME)
    told = {"state": _state(entry), "retires_at": retires, "replacement": replacement, "deprecated_at": deprecated}
    return {key: value for key, value in told.items() if value is not None} or None


def _state(entry: Entry) -> str | None:
    if entry.get("active") is False or entry.get("archived") is True:
        return "inactive"
    said = _text(entry.get("lifecycle_status"), _LONGEST_WORD)
    return None if said is None else _STATES.get(said.lower(), said.lower())


_READERS: dict[str, Callable[[Entry], Any]] = {
    "display_name": _display_name,
    "description": _description,
    "context_length": _context_length,
    "max_output_tokens": _max_output_tokens,
    "supports_tools": _supports_tools,
    "supports_vision": _supports_vision,
    "supports_streaming": _supports_streaming,
    "task": _task,
    "pricing": _pricing,
    "lifecycle": _lifecycle,
}
_RETIREMENT = ("retires_at", "shutdown_date", "deprecation", "expiration_date")
_STATES = {"deprecating": "deprecated", "generallyavailable": "generally-available"}
_IN_METADATA = ("description", "context_length", "max_tokens")
_TOOLS = ("function_calling", "tools", "tool_use", "trained_for_tool_use")
_VISION = ("vision", "image_input")
_CHATS = ("completion_chat", "chat_completion", "chat")
_EMBEDDINGS = {"embedding", "embeddings"}
_TASKS = {
    "chat": "chat",
    "llm": "chat",
    "vlm": "chat",
    "embedding": "embedding",
    "embeddings": "embedding",
    "image": "other",
    "audio": "other",
    "moderation": "other",
    "rerank": "other",
    "video": "other",
}


def _capability(entry: Entry, name: str) -> bool | None:
    """Mistral lists flags; where capabilities are a list of words, a word is a yes, and an absent one is not a no."""
    told = entry.get("capabilities")
    if isinstance(told, list):
        return True if name in told[:_MOST_WORDS] else None
    said = _object(told).get(name)
    return said if isinstance(said, bool) else None


def _is_price(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _is_short(value) or (is_number and abs(value) < _LARGEST)


def _is_date(value: Any) -> bool:
    return _is_short(value) or (type(value) is int and 0 < value < _LARGEST)


def _is_short(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_WORD


def _first_flag(*values: Any) -> bool | None:
    return next((value for value in values if isinstance(value, bool)), None)


def _first_count(*values: Any) -> int | None:
    return next((value for value in values if type(value) is int and 0 < value < _LARGEST), None)


def _text(value: Any, longest: int) -> str | None:
    return value.strip()[:longest] or None if isinstance(value, str) else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> set[str]:
    return _only_texts(value) if isinstance(value, list) else set()


def _only_texts(values: Iterable[Any]) -> set[str]:
    return {value for value in values if _is_short(value)}
