"""Lists of OpenAI and its relatives: what each entry truly tells, and what is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_lineup.upstream.contract import MalformedError, ProviderError
from model_lineup.upstream.kinds.openai import KIND

ENTRIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "openai": (
        {"id": "gpt-x", "object": "model", "created": 1, "owned_by": "openai", "shutdown_date": "2027-01-01"},
        {"lifecycle": {"retires_at": "2027-01-01"}, "owned_by": "openai"},
    ),
    "vllm": ({"id": "m", "root": "m", "max_model_len": 32768}, {"context_length": 32768}),
    "an adapter of vllm": (
        {"id": "sql-lora", "root": "/adapters/sql", "parent": "org/base-8b", "max_model_len": None},
        {"base_model": "org/base-8b"},
    ),
    "llama.cpp": (
        {
            "id": "m",
            "meta": {"n_ctx": 2048, "n_ctx_train": 8192},
            "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        },
        {
            "context_length": 2048,
            "supports_vision": False,
            "task": "chat",
            "supports_pdf": False,
            "supports_audio": False,
            "input_modalities": ["text"],
            "output_modalities": ["text"],
        },
    ),
    "openrouter": (
        {
            "id": "a/b:free",
            "name": "A: B",
            "description": "Good.",
            "context_length": 200000,
            "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
            "top_provider": {"context_length": 131072, "max_completion_tokens": 8192},
            "pricing": {"prompt": "0.000001", "completion": "0.000002", "odd": None},
            "supported_parameters": ["max_tokens", "tools", "structured_outputs", 7, "x" * 100],
            "expiration_date": None,
            "knowledge_cutoff": "2025-03-31",
            "canonical_slug": "a/b-2026",
            "default_parameters": {"temperature": 0.7, "top_p": None, "top_k": 40, "stop": "x", "seed": True},
        },
        {
            "display_name": "A: B",
            "description": "Good.",
            "context_length": 131072,
            "max_output_tokens": 8192,
            "supports_tools": True,
            "supports_vision": True,
            "task": "chat",
            "pricing": {"prompt": "0.000001", "completion": "0.000002"},
            "input_modalities": ["image", "text"],
            "output_modalities": ["text"],
            "parameters": ["max_tokens", "structured_outputs", "tools"],
            "supports_structured_output": True,
            "supports_json_mode": False,
            "supports_reasoning": False,
            "supports_stop": False,
            "supports_max_tokens": True,
            "supports_pdf": False,
            "supports_audio": False,
            "knowledge_cutoff": "2025-03-31",
            "base_model": "a/b-2026",
            "default_parameters": ["temperature=0.7", "top_k=40"],
        },
    ),
    "mistral": (
        {
            "id": "mistral-x",
            "name": "mistral-x",
            "max_context_length": 131072,
            "capabilities": {
                "completion_chat": True,
                "function_calling": False,
                "vision": True,
                "reasoning": True,
                "fine_tuning": True,
                "classification": False,
            },
            "deprecation": "2027-02-01T00:00:00Z",
            "deprecation_replacement_model": "mistral-y",
            "aliases": ["mistral-x-latest", "mistral-x", 7, "mistral-x-2512"],
            "owned_by": "mistralai",
            "default_model_temperature": 0.3,
        },
        {
            "context_length": 131072,
            "supports_tools": False,
            "supports_vision": True,
            "task": "chat",
            "lifecycle": {"retires_at": "2027-02-01T00:00:00Z", "replacement": "mistral-y"},
            "supports_reasoning": True,
            "capabilities": ["fine_tuning"],
            "other_names": ["mistral-x-2512", "mistral-x-latest"],
            "owned_by": "mistralai",
            "default_parameters": ["temperature=0.3"],
        },
    ),
    "a model of one's own at mistral, put away": (
        {"id": "ft:m", "archived": True, "aliases": []},
        {"lifecycle": {"state": "inactive"}},
    ),
    "groq": (
        {"id": "g", "active": True, "context_window": 8192, "max_completion_tokens": 4096, "owned_by": "Meta"},
        {"context_length": 8192, "max_output_tokens": 4096, "owned_by": "Meta"},
    ),
    "groq, switched off": ({"id": "g", "active": False}, {"lifecycle": {"state": "inactive"}}),
    "fireworks": (
        {
            "id": "f",
            "supports_chat": True,
            "supports_image_input": False,
            "supports_tools": True,
            "context_length": 131072,
        },
        {"task": "chat", "supports_vision": False, "supports_tools": True, "context_length": 131072},
    ),
    "deepinfra": (
        {"id": "d", "metadata": {"description": "Good.", "context_length": 4096, "max_tokens": 512, "tags": ["x"]}},
        {"description": "Good.", "context_length": 4096, "max_output_tokens": 512},
    ),
    "lm studio": (
        {
            "id": "l",
            "type": "llm",
            "publisher": "acme",
            "max_context_length": 8192,
            "loaded_context_length": 4096,
            "capabilities": ["tool_use"],
        },
        {"task": "chat", "owned_by": "acme", "context_length": 4096, "supports_tools": True},
    ),
    "lm studio, with flags": (
        {"id": "l", "capabilities": {"vision": False, "trained_for_tool_use": True}},
        {"supports_vision": False, "supports_tools": True},
    ),
    "azure, whatever its case": (
        {"id": "a", "lifecycle_status": "Deprecating", "deprecation": {"inference": 1_900_000_000}},
        {"lifecycle": {"state": "deprecated", "retires_at": 1_900_000_000}},
    ),
    "another lineup": (
        {
            "id": "fast",
            "object": "model",
            "type": "model",
            "display_name": "Fast",
            "task": "chat",
            "context_length": 4096,
            "max_output_tokens": None,
            "capabilities": {"tools": True, "vision": None, "streaming": True},
            "lifecycle": "deprecated",
            "deprecated": True,
            "deprecated_at": "2027-01-01T00:00:00Z",
            "sunset_at": "2027-01-31T12:00:00Z",
            "retires_at": "2027-01-31T12:00:00Z",
            "shutdown_date": "2027-01-31",
            "successor": "faster",
        },
        {
            "display_name": "Fast",
            "task": "chat",
            "context_length": 4096,
            "supports_tools": True,
            "supports_streaming": True,
            "lifecycle": {
                "deprecated_at": "2027-01-01T00:00:00Z",
                "retires_at": "2027-01-31T12:00:00Z",
                "replacement": "faster",
            },
        },
    ),
    "llama.cpp with eyes": (
        {"id": "m", "modalities": {"vision": True, "audio": False}},
        {
            "input_modalities": ["image", "text"],
            "supports_vision": True,
            "supports_pdf": False,
            "supports_audio": False,
        },
    ),
    "vLLM with an adapter": ({"id": "m", "root": "acme/base", "created": 1}, {"base_model": "acme/base"}),
    "a list that would bloat": (
        {
            "id": "m",
            "pricing": {f"p{n}": "1" * 100 for n in range(10_000)} | {"prompt": "1"},
            "capabilities": {f"c{n}" * 50: True for n in range(10_000)},
            "supported_parameters": ["x" * 1_000] * 10_000,
            "architecture": {"input_modalities": [{}] * 10_000, "output_modalities": "text"},
            "knowledge_cutoff": "soon",
            "shutdown_date": "9" * 10_000,
            "aliases": ["x" * 1_000] * 10_000,
            "default_parameters": {f"p{n}" * 50: n for n in range(10_000)},
            "lifecycle_status": 7,
            "metadata": {"description": ["x"] * 10_000},
        },
        {},
    ),
    "embedding": ({"id": "e", "type": "embedding"}, {"task": "embedding"}),
    "nonsense": (
        {"id": "n", "max_model_len": "12", "context_window": -5, "capabilities": [7, {}], "pricing": 3, "name": 7},
        {},
    ),
    "words that are a yes": (
        {"id": "w", "capabilities": ["tools", "vision", "chat", "thinking"], "active": "no", "supports_tools": "no"},
        {"supports_tools": True, "supports_vision": True, "task": "chat", "supports_reasoning": True},
    ),
    "no more than a float": ({"id": "f", "context_length": 1e300, "max_model_len": True, "description": " "}, {}),
}


def page_of(value: Any) -> Any:
    return KIND.page(json.dumps(value).encode())


@pytest.mark.parametrize("name", ENTRIES)
def test_facts_are_only_what_the_list_tells(name: str) -> None:
    entry, facts = ENTRIES[name]
    [model] = page_of({"data": [entry]}).models
    assert model.model_id == entry["id"]
    assert model.facts == facts


@pytest.mark.parametrize("shape", [lambda m: {"object": "list", "data": m}, lambda m: m, lambda m: {"models": m}])
def test_three_shapes_of_a_list(shape: Any) -> None:
    assert [model.model_id for model in page_of(shape([{"id": "a"}, {"id": "b"}])).models] == ["a", "b"]


def test_data_counts_where_a_server_sends_both_shapes() -> None:
    assert [m.model_id for m in page_of({"models": [{"name": "x"}], "data": [{"id": "y"}]}).models] == ["y"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=512))
def test_ids_come_through_byte_for_byte(model_id: str) -> None:
    [model] = page_of([{"id": model_id}]).models
    assert model.model_id == model_id


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"data": None},
        {"data": {"id": "a"}},
        "models",
        [{"id": "a"}, "b"],
        [{"id": "a"}, {"object": "model"}],
        [{"id": ""}],
        [{"id": 7}],
        [{"id": "a\x00b"}],
        [{"id": "x" * 513}],
    ],
)
def test_one_bad_entry_refuses_the_page(value: Any) -> None:
    with pytest.raises(MalformedError):
        page_of(value)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"data": [', b"[" * 100_000, b'[{"id": "\\ud800"}]', b'[{"id": "\xff"}]']
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedError):
        KIND.page(body)


def test_an_error_in_a_200_is_an_error() -> None:
    with pytest.raises(ProviderError, match="no"):
        page_of({"error": {"message": "no", "code": "invalid_api_key"}})


def test_the_next_page_follows_the_last_id() -> None:
    assert page_of({"data": [{"id": "a"}], "has_more": True}).following == "a"
    assert page_of({"data": [{"id": "a"}], "has_more": True, "last_id": "z"}).following == "z"
    assert page_of({"data": [{"id": "a"}], "has_more": False}).following is None
