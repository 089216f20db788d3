"""What lists tell beside the fields of a model: modalities, parameters, names, dates, abilities. Pure.

Read here: OpenRouter `architecture`, `supported_parameters`, `default_parameters`, `knowledge_cutoff`,
`canonical_slug`, `alias_target` · vLLM `parent` (of an adapter), `root` · Mistral and LM Studio `capabilities` (flags,
or a list of words) · Mistral and xAI `aliases`, Mistral `default_model_temperature` · llama.cpp `modalities` · who owns
it: `owned_by`, Together `organization`, LM Studio `publisher`. `created` is not read: servers in one's own house say
the moment of the request there. Everything is bounded: a list may have 100 000 entries. Keys are those of
`catalog.facts.FURTHER`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

MOST_WORDS, LONGEST_WORD, LONGEST_NAME = 40, 60, 200
_LATEST = 253_402_300_800
_UNWANTED = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_PARAMETERS = {
    "structured_outputs": "supports_structured_output",
    "response_format": "supports_json_mode",
    "reasoning": "supports_reasoning",
    "stop": "supports_stop",
    "max_tokens": "supports_max_tokens",
}
_ABLE = {
    "reasoning": "supports_reasoning",
    "thinking": "supports_reasoning",
    "structured_outputs": "supports_structured_output",
    "structured_output": "supports_structured_output",
    "pdf_input": "supports_pdf",
    "audio": "supports_audio",
    "audio_input": "supports_audio",
}
_SAID_ELSEWHERE = {"tools", "function_calling", "vision", "image_input", "streaming", "completion", "embedding"}
_SAID_ELSEWHERE |= {
    "tool_use",
    "trained_for_tool_use",
    "completion_chat",
    "chat_completion",
    "embeddings",
    "chat",
    "inference",
}
_OWNERS = ("owned_by", "organization", "publisher")
_MODALITIES = {"image": "supports_vision", "file": "supports_pdf", "audio": "supports_audio"}


def of_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Field → value, of an entry of an OpenAI-compatible list."""
    architecture, told = _object(entry.get("architecture")), able(entry.get("capabilities"))
    parameters = words(entry.get("supported_parameters"))
    reads = reads_of(entry)
    told |= by_modality(reads)
    told |= {field: word in parameters for word, field in _PARAMETERS.items()} if parameters else {}
    told |= {
        "input_modalities": reads,
        "output_modalities": words(architecture.get("output_modalities")),
        "parameters": parameters,
        "default_parameters": _defaults(entry),
        "other_names": other_names(entry.get("aliases"), entry.get("id")),
        "owned_by": next((owner for key in _OWNERS if (owner := name(entry.get(key)))), None),
        "base_model": _base(entry),
        "knowledge_cutoff": day(entry.get("knowledge_cutoff")),
    }
    return {field: value for field, value in told.items() if value is not None}


def reads_of(entry: Mapping[str, Any]) -> list[str] | None:
    """What a model takes as input, as words."""
    return words(_object(entry.get("architecture")).get("input_modalities")) or _llama(entry.get("modalities"))


def other_names(told: Any, model_id: Any) -> list[str] | None:
    """Names under which the same model answers at the same provider, without its own."""
    return [word for word in words(told) or () if word != model_id] or None


def parameters_as_words(told: Mapping[str, Any]) -> list[str] | None:
    """`temperature=0.7` and the like: numbers that are used where a caller says none."""
    numbers = {key: value for key, value in list(told.items())[:200] if _is_number(value)}
    return words([f"{key}={value:g}" for key, value in numbers.items()])


def able(told: Any) -> dict[str, Any]:
    """Of abilities as flags (`{"thinking": true}` or `{"thinking": {"supported": true}}`), or as a list of words.

    In a list an absent word is not a no. What has no field of its own stands in `capabilities`.
    """
    found: dict[str, Any] = {}
    others: list[str] = []
    for word, value in _flags(told):
        field = _ABLE.get(word)
        if field is not None:
            found.setdefault(field, value)
        elif value and word not in _SAID_ELSEWHERE:
            others.append(word)
    return {**found, "capabilities": words(others)}


def by_modality(reads: Iterable[str] | None) -> dict[str, bool]:
    """What a model reads beside text; images are told elsewhere."""
    if reads is None:
        return {}
    here = set(reads)
    return {field: word in here for word, field in _MODALITIES.items() if field != "supports_vision"}


def words(value: Any) -> list[str] | None:
    """Short texts, each once, sorted; None for what is no list of them."""
    if not isinstance(value, list):
        return None
    short = {word for word in value[:1_000] if isinstance(word, str) and 0 < len(word) <= LONGEST_WORD}
    return sorted(word for word in short if not _UNWANTED.search(word))[:MOST_WORDS] or None


def name(value: Any) -> str | None:
    return _UNWANTED.sub("", value).strip()[:LONGEST_NAME] or None if isinstance(value, str) else None


def day(value: Any) -> str | None:
    """A day of a date, of a date with time, or of seconds since 1970."""
    if type(value) is int:
        return datetime.fromtimestamp(value, UTC).date().isoformat() if 0 < value < _LATEST else None
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError:
        return None


def _flags(told: Any) -> Iterable[tuple[str, bool]]:
    if isinstance(told, list):
        return [(word, True) for word in words(told) or ()]
    found = []
    for word, value in list(_object(told).items())[:200]:
        said = _object(value).get("supported") if isinstance(value, dict) else value
        if isinstance(said, bool) and 0 < len(word) <= LONGEST_WORD:
            found.append((word, said))
    return found


def _llama(told: Any) -> list[str] | None:
    """llama.cpp: `{"vision": true, "audio": false}`; text goes without saying."""
    flags = _object(told)
    if not any(isinstance(flags.get(word), bool) for word in ("vision", "audio")):
        return None
    more = {"vision": "image", "audio": "audio"}
    return sorted(["text", *(ours for theirs, ours in more.items() if flags.get(theirs) is True)])


def _defaults(entry: Mapping[str, Any]) -> list[str] | None:
    said = _object(entry.get("default_parameters"))
    return parameters_as_words({"temperature": entry.get("default_model_temperature"), **said})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LATEST


def _base(entry: Mapping[str, Any]) -> str | None:
    """The model behind the name, where that is another one."""
    told = (name(entry.get(key)) for key in ("alias_target", "parent", "root", "canonical_slug"))
    return next((one for one in told if one is not None and one != entry.get("id")), None)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
