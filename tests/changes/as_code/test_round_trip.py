"""Whatever the configuration: its export, applied to an empty instance, is that export; twice applied, no change."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_lineup.changes.as_code import toml
from model_lineup.errors import InvalidInput
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.counts import count
from tests.fakes.desk import BY
from tests.fakes.instances import Templates

LINE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
SLUGS = st.text("abc-09", min_size=1, max_size=6)
PRICES = st.floats(0, 1_000_000, allow_nan=False) | st.integers(0, 100)
MOMENTS = st.datetimes().map(lambda moment: moment.isoformat() + "Z")
PROVIDERS = st.fixed_dictionaries(
    {"name": LINE, "type": st.just("openai"), "base_url": st.just("https://api.example.com/v1")},
    optional={
        "api_key": st.sampled_from(["env:A", "env:B_2", "file:/run/secrets/key"]),
        "enabled": st.booleans(),
        "headers": st.dictionaries(st.sampled_from(["x-title", "User-Agent"]), st.text("az ~", max_size=5)),
        "proxy": st.just("http://proxy.example.com:3128"),
        "timeouts": st.dictionaries(st.sampled_from(["connect_s", "test_s"]), st.integers(1, 60) | st.floats(1, 60)),
        "fetch_rules": st.fixed_dictionaries(
            {}, optional={"ignore": st.lists(LINE.filter(str.isprintable), unique=True, max_size=3)}
        ),
        "fetch_schedule": st.fixed_dictionaries(
            {"every_minutes": st.integers(5, 1_000)}, optional={"apply": st.just(["added"])}
        ),
        "check_schedule": st.fixed_dictionaries(
            {"every_minutes": st.integers(5, 1_000), "tokens_per_day": st.integers(1, 10**9)}
        ),
    },
)
MODELS = st.fixed_dictionaries(
    {},
    optional={
        "visible": st.booleans(),
        "listed": st.booleans(),
        "agents_enabled": st.booleans(),
        "display_name": LINE,
        "description": TEXT,
        "task": st.sampled_from(["chat", "embedding", "other", "unknown"]),
        "context_length": st.integers(1, 10**10),
        "supports_tools": st.booleans(),
        "supports_streaming": st.booleans(),
        "pricing": st.fixed_dictionaries({"input_per_million": PRICES, "output_per_million": PRICES}),
        "lifecycle": st.fixed_dictionaries({}, optional={"message": LINE, "deprecated_at": MOMENTS}),
    },
)
COUNTS = st.integers(1, 2**53 - 1)
GROUPS = st.fixed_dictionaries(
    {},
    optional={
        "description": TEXT.filter(bool),
        "limits": st.fixed_dictionaries(
            {}, optional={"requests_per_minute": COUNTS, "cost_per_month": st.floats(0.01, 10**9)}
        ),
    },
)
ALIASES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:/@-]{0,9}\Z")


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Files as somebody could have written them."""
    providers = draw(st.dictionaries(SLUGS, PROVIDERS, max_size=3))
    groups = draw(st.dictionaries(st.text("aBc é.", min_size=1, max_size=3), GROUPS, max_size=3).filter(_apart))
    limited = st.lists(st.sampled_from(sorted(groups)), unique=True) if groups else st.just([])
    models = {slug: draw(st.dictionaries(LINE, MODELS, max_size=4)) for slug in providers}
    for one in (one for held in models.values() for one in held.values()):
        one["groups"] = draw(limited)
    targets = [f"{slug}/{model_id}" for slug, held in models.items() for model_id in held]
    aliases = {}
    if targets:
        names = draw(st.lists(ALIASES, unique_by=str.lower, max_size=4))
        for name in names:
            chosen = draw(st.lists(st.sampled_from(targets), min_size=1, max_size=4, unique=True))
            aliases[name] = {
                "model": chosen[0],
                "fallbacks": chosen[1:],
                "groups": draw(limited),
                **draw(st.fixed_dictionaries({}, optional={"description": TEXT})),
            }
            others = [one for one in targets if one != chosen[0]]
            aliases[name] |= draw(_rollouts(others)) if others else {}
    order = draw(st.permutations(list(providers)))
    return {"provider_order": order, "groups": groups, "providers": providers, "models": models, "aliases": aliases}


def _rollouts(targets: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    said = {
        "model": st.sampled_from(targets),
        "share": st.integers(1, 10_000).map(lambda places: places / 100),
        "sticky": st.sampled_from(["key", "request"]),
    }
    return st.fixed_dictionaries({}, optional={"rollout": st.fixed_dictionaries(said)})


def _apart(groups: dict[str, Any]) -> bool:
    return len({name.casefold() for name in groups}) == len(groups)


def written(document: dict[str, Any]) -> str:
    tables = [
        *(toml.Table(("groups", name), one) for name, one in document.get("groups", {}).items()),
        *(toml.Table(("providers", slug), one) for slug, one in document["providers"].items()),
        *(
            toml.Table(("models", slug, model_id), one)
            for slug, held in document["models"].items()
            for model_id, one in held.items()
        ),
        *(toml.Table(("aliases", alias), one) for alias, one in document["aliases"].items()),
    ]
    return toml.written("", {"provider_order": document["provider_order"]}, tables)


KEYS = dict.fromkeys(("env:A", "env:B_2", "file:/run/secrets/key"), "sk-canary-0123456789")


def apply(rooms: Rooms, text: str, *, prune: bool = False) -> int | None:
    """The change set that it made."""
    return rooms.apply.apply(text, BY, label="lineup.toml", keys=KEYS, prune=prune, confirm=True).change_id


@pytest.mark.hard
@given(document=documents())
@settings(max_examples=count(8, 400), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_export_applied_to_an_empty_instance_is_that_export(rooms: Rooms, document: dict[str, Any]) -> None:
    nothing, text = rooms.export.export().text, written(document)
    apply(rooms, text)
    exported = rooms.export.export().text
    assert apply(rooms, text) is None
    assert apply(rooms, exported) is None
    assert "sk-canary" not in exported
    empty(rooms)
    assert rooms.export.export().text == nothing
    apply(rooms, exported)
    assert rooms.export.export().text == exported
    assert apply(rooms, rooms.export.export("json").text) is None
    empty(rooms)


def empty(rooms: Rooms) -> None:
    apply(rooms, "", prune=True)
    for group in rooms.groups.page(limit=100, offset=0).groups:
        rooms.groups.delete(group.id, BY)


FRAGMENTS = st.sampled_from(
    ["[", "]", "[[", "{", "}", "=", '"', "'", "'''", ".", ",", "\n", "#", "1", "nan", "true", "2030-01-01", "models",
     "providers", "aliases", "acme", "name", "model", "api_key", "\\u", "\x00", "é", "format", "-", "_", " "]
)  # fmt: skip


@pytest.mark.hard
@given(st.text() | st.lists(FRAGMENTS, max_size=30).map("".join))
@settings(max_examples=count(60, 5_000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_whatever_is_more_than_refused(any_rooms: Rooms, text: str) -> None:
    with contextlib.suppress(InvalidInput):
        any_rooms.apply.apply(text, BY, label="lineup.toml", dry_run=True)


@pytest.fixture
def any_rooms(templates: Templates, tmp_path: Path, clock: ManualClock) -> Iterator[Rooms]:
    """On one of the databases: what is read is read before."""
    with templates.rooms("sqlite", tmp_path / "instance", clock) as rooms:
        yield rooms


@pytest.mark.hard
def test_five_thousand_models_are_planned_applied_and_written_out_within_seconds(any_rooms: Rooms) -> None:
    document: dict[str, Any] = {
        "provider_order": ["acme"],
        "providers": {"acme": {"name": "A", "type": "openai", "base_url": "https://api.example.com/v1"}},
        "models": {"acme": {f"m{n}": {"visible": True, "context_length": 1 + n} for n in range(count(1_000, 5_000))}},
        "aliases": {f"a{n}": {"model": f"acme/m{n}", "fallbacks": [f"acme/m{n + 1}"]} for n in range(900)},
    }
    began = time.process_time()
    apply(any_rooms, written(document))
    text = any_rooms.export.export().text
    assert apply(any_rooms, text) is None
    assert time.process_time() - began < count(6, 20)
    assert text.count("[models.acme.") == len(document["models"]["acme"])
