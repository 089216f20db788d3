"""Presets are proposals that could be stored as they are."""

import re
from pathlib import Path

import pytest

from model_lineup.catalog import provider_rules
from model_lineup.upstream.contract import Bounds
from model_lineup.upstream.presets import PRESETS, Preset
from model_lineup.upstream.registry import kind_named

HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "providers.md"


@pytest.fixture(params=PRESETS, ids=[preset.name for preset in PRESETS])
def preset(request: pytest.FixtureRequest) -> Preset:
    found: Preset = request.param
    return found


def test_names_are_there_once() -> None:
    assert len({preset.name for preset in PRESETS}) == len(PRESETS)
    assert len({preset.label for preset in PRESETS}) == len(PRESETS)
    assert all(re.fullmatch(r"[a-z0-9-]{1,40}", preset.name) for preset in PRESETS)


def test_it_could_be_stored(preset: Preset) -> None:
    provider_rules.check_kind(preset.type, has_key=preset.key_needed)
    provider_rules.check_address(preset.base_url, preset.network_scope, Bounds())
    assert preset.base_url == preset.base_url.rstrip("/")


def test_a_preset_proposes_what_its_kind_proposes(preset: Preset) -> None:
    kind = kind_named(preset.type)
    assert kind.name != preset.name or kind.default_base_url == preset.base_url
    assert preset.key_needed or not kind.key_needed


def test_the_how_to_names_it(preset: Preset) -> None:
    assert f"| {preset.label} | `{preset.type}` | `{preset.base_url}` |" in HOWTO.read_text()
