"""Catalogue files: three formats told apart, each entry checked on its own, and nothing that a hostile file does."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_lineup.catalogues import reading
from model_lineup.catalogues.reading import read
from model_lineup.catalogues.shapes import Contents
from model_lineup.errors import InvalidInput
from tests.fakes.counts import count

MODELS_DEV: dict[str, Any] = {
    "openai": {
        "id": "openai",
        "models": {
            "gpt-x": {
                "id": "gpt-x",
                "name": "GPT X",
                "tool_call": True,
                "reasoning": False,
                "structured_output": True,
                "modalities": {"input": ["text", "image"], "output": ["text"]},
                "limit": {"context": 400000, "output": 128000},
                "cost": {"input": 1.25, "output": 10, "cache_read": 0.125},
                "knowledge": "2025-04",
                "release_date": "2025-08-07",
                "last_updated": "2026-05-02",
                "status": "deprecated",
            }
        },
    },
    "elsewhere": {"api": "https://api.elsewhere.example/v1", "models": {"m": {"id": "m", "limit": {"context": 9}}}},
    "twin-a": {"api": "https://twin.example/a", "models": {"m": {"id": "m", "limit": {"context": 9}}}},
    "twin-b": {"api": "https://twin.example/b", "models": {"m": {"id": "m", "limit": {"context": 8}}}},
}
LITELLM: dict[str, Any] = {
    "sample_spec": {"litellm_provider": "one of …", "max_input_tokens": "…"},
    "gpt-x": {
        "litellm_provider": "openai",
        "mode": "chat",
        "max_input_tokens": 128000,
        "max_output_tokens": 16384,
        "input_cost_per_token": 2.5e-06,
        "output_cost_per_token": 1e-05,
        "cache_read_input_token_cost": 1.25e-06,
        "supports_function_calling": True,
        "supports_vision": False,
        "deprecation_date": "2027-01-31",
    },
    "gemini/gem-x": {"litellm_provider": "gemini", "mode": "embedding", "max_input_tokens": 2048},
}
OPENROUTER: dict[str, Any] = {
    "data": [
        {
            "id": "acme/m:free",
            "created": 1_760_000_000,
            "context_length": 32768,
            "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
            "pricing": {"prompt": "0.000001", "completion": "0.000002"},
            "supported_parameters": ["tools", "max_tokens"],
            "expiration_date": "2020-01-01",
        }
    ]
}


def of(value: Any) -> Contents:
    return read(json.dumps(value).encode())


def facts(contents: Contents) -> dict[str, dict[str, Any]]:
    return {f"{one.service} {one.model_id}": one.facts for one in contents.entries}


def test_models_dev() -> None:
    found = of(MODELS_DEV)
    assert (found.format, found.dated, found.skipped) == ("models.dev", "2026-05-02", 0)
    assert found.hosts == {"api.elsewhere.example": "elsewhere"}, "two services at one host are none"
    assert facts(found)["openai gpt-x"] == {
        "display_name": "GPT X",
        "task": "chat",
        "context_length": 400000,
        "max_output_tokens": 128000,
        "supports_tools": True,
        "supports_vision": True,
        "supports_pdf": False,
        "supports_audio": False,
        "supports_reasoning": False,
        "supports_structured_output": True,
        "input_modalities": ["image", "text"],
        "output_modalities": ["text"],
        "pricing": {"input_per_million": 1.25, "output_per_million": 10.0, "cached_input_per_million": 0.125},
        "knowledge_cutoff": "2025-04",
        "released_on": "2025-08-07",
        "is_deprecated": True,
    }


def test_litellm() -> None:
    found = of(LITELLM)
    assert (found.format, found.dated) == ("litellm", None)
    assert facts(found) == {
        "openai gpt-x": {
            "task": "chat",
            "context_length": 128000,
            "max_output_tokens": 16384,
            "supports_tools": True,
            "supports_vision": False,
            "pricing": {"input_per_million": 2.5, "output_per_million": 10.0, "cached_input_per_million": 1.25},
            "expected_end": "2027-01-31",
        },
        "google gem-x": {"task": "embedding", "context_length": 2048},
    }


def test_openrouter_and_that_a_file_ends_no_model() -> None:
    found = of(OPENROUTER)
    assert (found.format, found.dated) == ("openrouter", "2025-10-09")
    told = facts(found)["openrouter acme/m:free"]
    assert (told["context_length"], told["supports_tools"], told["supports_vision"]) == (32768, True, True)
    assert "lifecycle" not in told


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "not valid JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "none of the formats"),
        (b'{"a": 1, "b": {"c": 2}}', "none of the formats"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"data": [{"architecture": {}}]}', "none of its 1 entries"),
        (b'{"x": {"litellm_provider": "openai"}}', "tells nothing that can be used"),
    ],
)
def test_what_is_no_catalogue_is_refused_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        read(body)


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ENTRIES", 3)
    with pytest.raises(InvalidInput, match="more than 3 entries"):
        of({f"m{n}": {"litellm_provider": "openai", "max_input_tokens": 1} for n in range(4)})


def test_odd_entries_are_skipped_with_their_reasons_and_the_others_taken() -> None:
    odd = {
        "a": None,
        "b": {"max_input_tokens": 5},
        "c" * 600: {"litellm_provider": "openai", "max_input_tokens": 5},
        "d\x00": {"litellm_provider": "openai", "max_input_tokens": 5},
        "e": {"litellm_provider": "openai", "max_input_tokens": "many", "supports_vision": "yes"},
        "f": {"litellm_provider": "openai", "max_input_tokens": -1, "max_output_tokens": 1e400},
    }
    found = of({**LITELLM, **{key: value for key, value in odd.items() if key != "f"}})
    assert {one.entry[:1]: one.reason for one in found.skips} == {
        "a": "is not an object",
        "b": "does not name its provider",
        "c": "has no id that a model can be called by",
        "d": "has no id that a model can be called by",
        "e": "tells nothing that can be used",
    }
    assert all(len(one.entry) <= 200 for one in found.skips)
    assert len(found.entries) == 2


JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
PLACES = [("openai", "models", "gpt-x", field) for field in MODELS_DEV["openai"]["models"]["gpt-x"]] + [
    ("openai", "models", "gpt-x"),
    ("openai", "models"),
    ("openai",),
    ("elsewhere", "api"),
]


def replaced(value: dict[str, Any], path: tuple[str, ...], junk: Any) -> dict[str, Any]:
    if len(path) == 1:
        return {**value, path[0]: junk}
    return {**value, path[0]: replaced(value[path[0]], path[1:], junk)}


@pytest.mark.hard
@given(st.sampled_from(PLACES), JUNK)
@settings(max_examples=count(80, 5_000), deadline=None)
def test_junk_anywhere_is_unknown_and_hurts_nothing_else(path: tuple[str, ...], junk: Any) -> None:
    found = of(replaced(MODELS_DEV, path, junk))
    assert facts(found)["twin-a m"] == {"context_length": 9}
    for told in facts(found).values():
        assert len(msgspec.json.encode(told)) < 20_000
        assert all(value is not None for value in told.values())
        for field, value in told.items():
            if field.startswith("supports_"):
                assert isinstance(value, bool)
            if field in ("context_length", "max_output_tokens"):
                assert isinstance(value, int)
                assert value > 0
