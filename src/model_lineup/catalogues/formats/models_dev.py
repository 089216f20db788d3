"""The list of models.dev (`api.json`): services by name, each with its models. Prices are dollars per million tokens.

Source: https://models.dev/api.json and its README, read 2026-11-23.
"""

from collections.abc import Iterator
from typing import Any

from model_lineup.catalogues import checking
from model_lineup.catalogues.places import SERVICES, host_of
from model_lineup.catalogues.shapes import Entry, Format, Skip

NAME: Format = "models.dev"
_OURS = {service.models_dev: service.name for service in SERVICES if service.models_dev}


def is_it(value: Any) -> bool:
    services = list(value.values())[:20] if isinstance(value, dict) else []
    return bool(services) and any(isinstance(one, dict) and isinstance(one.get("models"), dict) for one in services)


def read(value: dict[str, Any]) -> Iterator[Entry | Skip]:
    for name, service in value.items():
        models = service.get("models") if isinstance(service, dict) else None
        if not isinstance(models, dict):
            yield Skip(name, "is no service with models")
            continue
        for key, model in models.items():
            yield _entry(_OURS.get(name, name), name, key, model)


def hosts(value: dict[str, Any]) -> dict[str, str]:
    """Of services that we do not know ourselves, where one host is one service."""
    found: dict[str, list[str]] = {}
    for name, service in value.items():
        host = host_of(service["api"]) if isinstance(service, dict) and isinstance(service.get("api"), str) else ""
        if host and name not in _OURS:
            found.setdefault(host, []).append(name)
    return {host: names[0] for host, names in found.items() if len(names) == 1}


def dated(value: dict[str, Any]) -> str | None:
    models = (model for service in value.values() if isinstance(service, dict) for model in _models(service))
    days = (checking.day(model.get("last_updated")) for model in models if isinstance(model, dict))
    return max((day for day in days if day is not None), default=None)


def _models(service: dict[str, Any]) -> list[Any]:
    models = service.get("models")
    return list(models.values()) if isinstance(models, dict) else []


def _entry(service: str, their_name: str, key: str, model: Any) -> Entry | Skip:
    where = f"{their_name}/{key}"
    if not isinstance(model, dict):
        return Skip(where, "is not an object")
    model_id = checking.model_id(model.get("id", key))
    if model_id is None:
        return Skip(where, "has no id that a model can be called by")
    facts = _facts(model)
    return Entry(service, model_id, facts) if facts else Skip(where, "tells nothing that can be used")


def _facts(model: dict[str, Any]) -> dict[str, Any]:
    limit, cost, modalities = (_object(model.get(name)) for name in ("limit", "cost", "modalities"))
    reads, writes = checking.words(modalities.get("input")), checking.words(modalities.get("output"))
    tools, dollars = checking.flag(model.get("tool_call")), checking.dollars
    return checking.known(
        {
            "display_name": checking.text(model.get("name")),
            "task": "chat" if tools else "other" if writes and "text" not in writes else None,
            "context_length": checking.count(limit.get("context")),
            "max_output_tokens": checking.count(limit.get("output")),
            "supports_tools": tools,
            "supports_vision": None if reads is None else "image" in reads,
            "supports_pdf": None if reads is None else "pdf" in reads,
            "supports_audio": None if reads is None else "audio" in reads,
            "supports_reasoning": checking.flag(model.get("reasoning")),
            "supports_structured_output": checking.flag(model.get("structured_output")),
            "input_modalities": reads,
            "output_modalities": writes,
            "pricing": checking.pricing(
                dollars(cost.get("input")), dollars(cost.get("output")), dollars(cost.get("cache_read"))
            ),
            "knowledge_cutoff": checking.day(model.get("knowledge")),
            "released_on": checking.day(model.get("release_date")),
            "is_deprecated": True if model.get("status") == "deprecated" else None,
        }
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
