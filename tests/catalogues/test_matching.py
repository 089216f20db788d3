"""Which entry is which model: within one service by id, elsewhere no more than a guess."""

from datetime import UTC, datetime

import pytest

from model_lineup.catalogues import packaged
from model_lineup.catalogues.matching import Index, base_of
from model_lineup.catalogues.places import SERVICES, Place, host_of, place_of
from model_lineup.catalogues.shapes import Entry, Word
from model_lineup.upstream.presets import PRESETS

NOW = datetime(2026, 11, 1, tzinfo=UTC)
OPENAI, UNKNOWN, OWN = Place("openai", True), Place(None, True), Place(None, False)


def entry(service: str, model_id: str, window: int = 100, **more: object) -> Entry:
    return Entry(service, model_id, {"context_length": window, **more})


def test_an_id_counts_at_its_own_service_and_the_other_ones_entry_never_does() -> None:
    index = Index([entry("openai", "m", 100, pricing={"p": 1}), entry("groq", "m", 200, pricing={"p": 2})])
    assert index.word(OPENAI, "M") == Word({"context_length": 100, "pricing": {"p": 1}}, is_guess=False)
    assert index.word(Place("groq", True), "models/m") == Word(
        {"context_length": 200, "pricing": {"p": 2}}, is_guess=False
    )
    assert index.word(UNKNOWN, "m") is None, "they disagree"


def test_elsewhere_it_is_a_guess_without_price_and_end_where_all_agree() -> None:
    end = {"pricing": {"p": 1}, "expected_end": "2030-01-01", "is_deprecated": True}
    index = Index([entry("openai", "m", 100, supports_tools=True, **end), entry("groq", "acme/m", 100)])
    assert index.word(UNKNOWN, "m") == Word({"context_length": 100, "supports_tools": True}, is_guess=True)
    assert index.word(Place("mistral", True), "m") == index.word(UNKNOWN, "m")
    assert index.word(OWN, "m") is None


def test_a_day_or_a_variant_of_the_same_service_is_a_guess_too() -> None:
    index = Index([entry("openai", "gpt-x", 100), entry("groq", "gpt-x", 200)])
    assert index.word(OPENAI, "gpt-x-2026-01-31") == Word({"context_length": 100}, is_guess=True)
    assert index.word(OPENAI, "gpt-xl") is None


def test_who_names_models_himself_gets_guesses() -> None:
    place = place_of("azure", "https://acme.openai.azure.com", "public", {})
    assert (place.service, place.own_names) == ("azure", True)
    index = Index([entry("azure", "gpt-x", 100, pricing={"p": 1})])
    assert index.word(place, "gpt-x") == Word({"context_length": 100}, is_guess=True)


@pytest.mark.parametrize(
    ("model_id", "base"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("anthropic/claude-x:free", "claude-x"),
        ("us.anthropic.claude-x-20250101-v1:0", "claude-x"),
        ("claude-x@20250101", "claude-x"),
        ("Meta-Llama/Llama-3.1-8B-Instruct", "llama-3.1-8b-instruct"),
        ("mistral-large-latest", "mistral-large"),
        ("-latest", "-latest"),
        ("20250101", "20250101"),
    ],
)
def test_the_name_without_who_where_and_when(model_id: str, base: str) -> None:
    assert base_of(model_id) == base


@pytest.mark.parametrize(
    ("kind", "url", "scope", "place"),
    [
        ("openai", "https://API.openai.com/v1", "public", Place("openai", True)),
        ("anthropic", "https://api.anthropic.com", "public", Place("anthropic", True)),
        ("anthropic", "https://proxy.example/anthropic", "public", Place(None, True)),
        ("openai", "https://api.openai.com.evil.example/v1", "public", Place(None, True)),
        ("openai", "https://openai.azure.com.evil.example/v1", "public", Place(None, True)),
        ("azure", "https://models.acme.example", "private", Place("azure", True, True)),
        ("ollama", "http://127.0.0.1:11434", "loopback", Place(None, False)),
        ("openai", "http://10.0.0.1:8000/v1", "private", Place(None, False)),
        ("openai", "https://api.known.example/v1", "public", Place("known", True)),
        ("openai", "https://[::1", "public", Place(None, True)),
    ],
)
def test_a_service_is_known_by_its_host_alone(kind: str, url: str, scope: str, place: Place) -> None:
    assert place_of(kind, url, scope, {"api.known.example": "known", "api.openai.com": "wrong"}) == place


def test_every_service_of_the_form_is_known() -> None:
    hosts = {host for service in SERVICES for host in service.hosts}
    assert {host_of(one.base_url) for one in PRESETS if one.network_scope == "public"} <= hosts


def test_the_package_knows_prices_by_service_and_only_windows_elsewhere() -> None:
    here = packaged.word(OPENAI, "gpt-4o", NOW)
    assert here is not None
    assert here.facts["pricing"] == {
        "input_per_million": 2.5,
        "output_per_million": 10.0,
        "cached_input_per_million": 1.25,
    }
    assert (here.facts["context_length"], here.is_guess) == (128000, False)
    elsewhere = packaged.word(UNKNOWN, "gpt-4o", NOW)
    assert elsewhere == Word({"context_length": 128000}, is_guess=True)
    assert packaged.word(OWN, "gpt-4o", NOW) is None
    assert packaged.word(OPENAI, "no-such-model", NOW) is None


def test_each_service_that_names_the_package_is_in_it() -> None:
    providers = packaged._providers()
    assert {one.genai_prices for one in SERVICES if one.genai_prices} <= set(providers)
