"""A file applied: rows are as it says, in one change set; twice changes nothing; what stands against it is named."""

import asyncio
import tomllib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from model_lineup.catalog.shapes import ModelChanges, ProviderChanges, Selection
from model_lineup.changes.as_code.planned import Applied
from model_lineup.errors import (
    Conflict,
    CredentialRebindRequired,
    InvalidInput,
    LineupError,
    ManagedByFile,
    NameWouldMove,
    PlanOvertaken,
    ProviderHasModels,
)
from model_lineup.rooms import Rooms
from tests.fakes.desk import BY, PROVIDER_KEY, Desk, ScriptedProvider

KEYS = {"env:ACME": PROVIDER_KEY}
PROVIDER = """
[providers.acme]
name = "Acme"
type = "openai"
base_url = "https://api.example.com/v1"
"""
FILE = f"""
format = 1
{PROVIDER}api_key = "env:ACME"

[models.acme.small]
visible = true
context_length = 8192
lifecycle = {{ sunset_at = 2031-01-31T12:00:00Z, successor = "acme/org/large" }}

[models.acme."org/large"]
visible = true
pricing = {{ input_per_million = 1, output_per_million = 2.5 }}

[aliases.team]
model = "acme/small"
fallbacks = ["acme/org/large"]
"""


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


def apply(desk: Desk, text: str, **more: Any) -> Applied:
    return desk.rooms.apply.apply(text, BY, **{"label": "lineup.toml", "keys": KEYS, **more})


def refused(desk: Desk, error: type[LineupError], text: str, **more: Any) -> LineupError:
    """Refused so, with everything as it was."""
    before = desk.tables()
    with pytest.raises(error) as raised:
        apply(desk, text, **more)
    assert desk.tables() == before
    return raised.value


def test_everything_is_made_as_it_says_in_one_change_set(desk: Desk) -> None:
    done = apply(desk, FILE)
    assert (done.added, done.changed, done.removed, done.unchanged) == (4, 0, 0, 0)
    small, large = desk.rooms.models.find("small"), desk.rooms.models.find("org/large")
    assert (small.visible, small.context_length, small.source, small.managed_by) == (True, 8192, "file", "lineup.toml")
    assert f'"successor_id":{large.id}'.encode() in bytes(small.lifecycle)
    assert desk.answers("team") == small.id
    assert desk.rooms.providers.endpoint(small.provider_id).api_key == PROVIDER_KEY
    change = desk.last_change()
    assert (change.operation, change.id, change.touched) == ("configuration.apply", done.change_id, 4)
    assert PROVIDER_KEY not in repr(desk.changes())


def test_twice_changes_nothing_more(desk: Desk) -> None:
    apply(desk, FILE)
    before = desk.tables()
    again = apply(desk, FILE)
    assert (again.added, again.changed, again.removed, again.unchanged, again.change_id) == (0, 0, 0, 4, None)
    assert apply(desk, FILE, keys={}).change_id is None
    assert desk.tables() == before


def test_a_plan_is_the_applying_itself_and_writes_nothing(desk: Desk) -> None:
    before = desk.tables()
    plan = apply(desk, FILE, dry_run=True, keys={})
    assert desk.tables() == before
    assert [(row.entity, row.name, row.outcome) for row in plan.rows] == [
        ("provider", "acme", "added"),
        ("model", "acme/small", "added"),
        ("model", "acme/org/large", "added"),
        ("alias", "team", "added"),
    ]
    assert [(one.provider, one.reference) for one in plan.missing_keys] == [("acme", "env:ACME")]
    error = refused(desk, InvalidInput, FILE, keys={})
    assert error.facts["errors"][0]["line"] == 8
    assert "env:ACME was not sent along" in error.detail
    apply(desk, FILE, revision=plan.base_revision)
    change = apply(desk, FILE.replace("8192", "4096"), dry_run=True)
    assert [(row.name, row.outcome, row.changes) for row in change.rows] == [
        (
            "acme/small",
            "changed",
            {"context_length": {"before": {"value": 8192, "source": "pin"}, "after": {"value": 4096, "source": "pin"}}},
        )
    ]


def test_what_the_file_no_longer_says_is_as_by_default_and_inherited_again(desk: Desk) -> None:
    apply(desk, FILE)
    apply(desk, PROVIDER + "[models.acme.small]\n[models.acme.'org/large']\n[aliases.team]\nmodel='acme/small'")
    small = desk.rooms.models.find("small")
    assert (small.visible, small.context_length, bytes(small.lifecycle)) == (False, None, b"null")
    assert desk.rooms.aliases.of_model(small.id)[0].fallbacks == []
    assert desk.rooms.providers.endpoint(small.provider_id).api_key == PROVIDER_KEY  # a file without one leaves it


def test_it_is_taken_back_as_one_change_and_can_be_applied_again(desk: Desk) -> None:
    apply(desk, FILE)
    text = desk.rooms.export.export().text
    apply(desk, FILE.replace("visible = true", "agents_enabled = true").replace("8192", "1"))
    desk.rooms.undo.undo([desk.last_change().id], BY)
    assert desk.rooms.export.export().text == text
    assert apply(desk, FILE).change_id is None
    desk.rooms.undo.undo([desk.changes()[0].id], BY)
    assert desk.ids() == []


def test_rows_of_a_file_are_changed_there_or_taken_over(desk: Desk) -> None:
    apply(desk, FILE)
    rooms = desk.rooms
    small = rooms.models.find("small")
    alias = rooms.aliases.of_model(small.id)[0]
    for attempt in (
        lambda: rooms.models.change(small.id, ModelChanges(visible=False), BY),
        lambda: rooms.models.change(small.id, ModelChanges(pins={"context_length": None}), BY, dry_run=True),
        lambda: rooms.models.delete(small.id, BY),
        lambda: rooms.bulk.set_flag(Selection(model_ids=[small.id]), "agents_enabled", True, BY),
        lambda: rooms.bulk.delete(Selection(model_ids=[small.id]), BY, confirm=True),
        lambda: rooms.providers.change(small.provider_id, ProviderChanges(enabled=False), BY),
        lambda: rooms.providers.delete(small.provider_id, BY, force=True, confirm=True),
        lambda: rooms.aliases.delete(small.id, "team", BY),
    ):
        before = desk.tables()
        with pytest.raises(ManagedByFile, match=r"lineup\.toml"):
            attempt()
        assert desk.tables() == before
    rooms.providers.change(small.provider_id, ProviderChanges(api_key="sk-another-0123456789"), BY)
    done = rooms.take_over.release(BY, rows={"model": [small.id], "alias": [alias.id]})
    assert (done.models, done.aliases, done.providers) == (["small"], ["team"], [])
    assert rooms.models.change(small.id, ModelChanges(visible=False), BY)[0].managed_by is None
    rooms.undo.undo([desk.last_change().id, done.change_id or 0], BY)
    assert rooms.models.get(small.id).managed_by == "lineup.toml"
    assert rooms.take_over.release(BY, label="lineup.toml").providers == ["acme"]


def test_what_lists_and_probes_say_of_a_locked_row_goes_on(desk: Desk) -> None:
    apply(desk, FILE)
    small = desk.rooms.models.find("small")
    scripted = ScriptedProvider(("small", {"context_length": 1, "max_output_tokens": 7}), "new")
    asyncio.run(desk.discovery(scripted).fetch(small.provider_id, BY))
    after = desk.rooms.models.get(small.id)
    assert (after.context_length, after.max_output_tokens) == (8192, 7)
    assert apply(desk, FILE).change_id is None


def test_rows_of_another_file_are_refused_and_rows_of_nobody_are_taken_in(desk: Desk) -> None:
    acme = desk.provider()
    desk.model(acme, "small", visible=True)
    apply(desk, PROVIDER + "[models.acme.small]\nvisible = true", label="one.toml")
    assert desk.rooms.models.find("small").managed_by == "one.toml"
    error = refused(desk, ManagedByFile, PROVIDER, label="two.toml")
    assert error.facts["rows"] == [{"name": "acme", "managed_by": "one.toml"}]


def test_pruning_removes_what_the_file_named_before_and_nothing_else(desk: Desk) -> None:
    apply(desk, FILE)
    by_hand = desk.model(desk.rooms.models.find("small").provider_id, "by hand")
    less = PROVIDER + "[models.acme.small]\nvisible = true\n"
    kept = apply(desk, less)
    assert kept.left_over == ["acme/org/large", "team"]
    assert kept.removed == 0
    done = apply(desk, less, prune=True)
    assert (done.removed, done.left_over) == (2, [])
    assert desk.ids() == ["small", "by hand"]
    refused(desk, ProviderHasModels, "", prune=True)
    desk.rooms.models.delete(by_hand.id, BY)
    assert apply(desk, "", prune=True).removed == 2
    desk.rooms.undo.undo([desk.last_change().id], BY)
    assert desk.ids() == ["small"]
    assert desk.rooms.models.find("small").managed_by == "lineup.toml"


def test_a_model_that_somebody_elses_alias_points_at_is_not_pruned(desk: Desk) -> None:
    apply(desk, FILE)
    desk.alias(desk.rooms.models.find("org/large"), "mine")
    error = refused(desk, Conflict, PROVIDER + "[models.acme.small]\n[aliases.team]\nmodel='acme/small'", prune=True)
    assert error.facts["aliases"] == ["mine"]


def test_changes_since_the_plan_are_refused_where_they_touched_the_same_rows(desk: Desk) -> None:
    apply(desk, FILE)
    small = desk.rooms.models.find("small")
    plan = apply(desk, FILE.replace("8192", "4096"), dry_run=True)
    desk.provider("Elsewhere")
    apply(desk, FILE.replace("8192", "4096"), revision=plan.base_revision)
    desk.rooms.take_over.release(BY, rows={"model": [small.id]})
    error = refused(desk, PlanOvertaken, FILE, revision=plan.base_revision + 2)
    assert error.facts["rows"][0]["label"] == "small"
    assert error.facts["rows"][0]["by"] == BY.label


def test_a_deleted_row_that_the_file_names_comes_back(desk: Desk) -> None:
    acme = desk.provider()
    desk.rooms.models.delete(desk.model(acme, "small").id, BY)
    done = apply(desk, PROVIDER + "[models.acme.small]\nvisible = true")
    assert [(row.name, row.outcome) for row in done.rows] == [("acme", "changed"), ("acme/small", "added")]
    assert desk.rooms.models.find("small").visible


def test_a_rotated_key_is_a_change_and_the_same_reference_is_none(desk: Desk) -> None:
    apply(desk, FILE)
    rotated = apply(desk, FILE, keys={"env:ACME": "sk-rotated-0123456789"})
    assert [row.changes.keys() for row in rotated.rows] == [{"api_key_last4", "api_key"}]
    assert apply(desk, FILE, keys={}).change_id is None
    moved = FILE.replace("api.example.com", "api.example.org")
    refused(desk, InvalidInput, moved, keys={})
    refused(desk, CredentialRebindRequired, moved.replace('api_key = "env:ACME"\n', ""), keys={})
    assert 'api_key = "env:ACME"' in desk.rooms.export.export().text


def test_a_name_in_use_that_would_mean_another_model_is_planned_and_needs_a_word(desk: Desk) -> None:
    acme, box = desk.provider(), desk.provider("Box", base_url="https://box.example.com/v1")
    desk.model(acme, "m", visible=True)
    desk.model(box, "m", visible=True)
    hides = PROVIDER + "[models.acme.m]\n"
    assert apply(desk, hides, dry_run=True).moves == ["m"]
    refused(desk, NameWouldMove, hides)
    assert apply(desk, hides, confirm=True).changed == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("format = 2", "line 1, /format"),
        ("a = [", "no TOML"),
        ("{", "no JSON"),
        ("[]", "no TOML"),
        ('{"format": 1, "format": 1}', "twice"),
        ("unknown = 1", "line 1, /unknown: is not known here"),
        ("providers = 3", "line 1, /providers: a table"),
        ("[providers.Acme]", "a slug has"),
        ("[providers.acme]\nname = 3", "line 2, /providers/acme/name: expected `str`"),
        ("[providers.acme]\nname = 'a'", "is needed"),
        (PROVIDER + "api_key = 'sk-live-secret'", "never the key itself"),
        (PROVIDER + "api_kee = 'env:X'", "line 6, /providers/acme/api_kee: is not known here"),
        (PROVIDER.replace("https://api.example.com/v1", "http://169.254.169.254/"), "/providers/acme/base_url"),
        (PROVIDER.replace("openai", "nobody"), "is not a kind of provider"),
        (PROVIDER.replace("openai", "anthropic"), "needs a key"),
        (PROVIDER + "headers = { authorization = 'x' }", "not one of the headers"),
        (PROVIDER + "fetch_rules = { includes = [] }", "/fetch_rules/includes: is not known here"),
        (PROVIDER + "timeouts = { connect_s = inf }", "finite"),
        ("[models.acme.m]", "line 1, /models/acme/m: no provider has the slug 'acme'"),
        (PROVIDER + "[models.acme.m]\nvisible = 'yes'", "line 7, /models/acme/m/visible: expected `bool`"),
        (PROVIDER + "[models.acme.m]\ncontext_length = 0", "/models/acme/m/context_length"),
        (PROVIDER + "[models.acme.m]\nlifecycle = { sunset_at = 2030-01-01T00:00:00 }", "needs its zone"),
        (PROVIDER + "[models.acme.m]\nlifecycle = { successor = 'acme/m' }", "its own successor"),
        (PROVIDER + "[models.acme.m]\nlifecycle = { successor = 'acme/n' }", "no model 'acme/n'"),
        (PROVIDER + '[models.acme."a\\nb"]', "no control characters"),
        ("[aliases.a]\nmodel = 'acme/m'", "line 2, /aliases/a/model: there is no model 'acme/m'"),
        ("[aliases.a]\nmodel = 'm'", "provider/model_id"),
        ("[aliases.'-']\nmodel = 'a/m'", "an alias starts with"),
        ("[aliases.a]\nmodel = 'a/m'\n[aliases.A]\nmodel = 'a/m'", "case does not count"),
        ("[aliases.a]\nmodel = 'a/m'\nfallbacks = ['a/m']", "not the alias's own model"),
        ("provider_order = ['x']", "no provider has the slug 'x'"),
        ("provider_order = ['x', 'x']", "once"),
        ("a" + ".a" * 50 + " = 1", "too many parts"),
        ("a = " + "[" * 5_000, ""),
        ("a = " + "9" * 5_000, "too long"),
        ('"\ud800" = 1', "no TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_by_line_and_key(desk: Desk, text: str, said: str) -> None:
    error = refused(desk, InvalidInput, text)
    assert said in error.detail
    assert "sk-live" not in repr((error.detail, error.facts))


def test_an_export_applied_to_the_instance_that_it_is_of_only_says_whose_the_rows_are(desk: Desk) -> None:
    acme = desk.provider(api_key=PROVIDER_KEY)
    desk.alias(desk.model(acme, "small", visible=True), "team")
    text = desk.rooms.export.export().text
    done = apply(desk, text, keys={})
    assert {tuple(row.changes) for row in done.rows} == {("managed_by",)}
    assert desk.rooms.export.export().text == text
    assert apply(desk, text, keys={}).change_id is None
    assert tomllib.loads(text)["providers"]["acme"]["api_key"] == "env:LINEUP_ACME_API_KEY"


def test_of_two_who_apply_what_they_planned_at_once_one_is_told_of_the_other(desk: Desk) -> None:
    apply(desk, FILE)
    mine, theirs = (FILE.replace("8192", size) for size in ("16384", "32768"))
    base = {text: apply(desk, text, dry_run=True).base_revision for text in (mine, theirs)}

    def applied(text: str) -> int | None:
        try:
            return apply(desk, text, revision=base[text]).change_id
        except PlanOvertaken:
            return None

    with ThreadPoolExecutor(2) as both:
        done = list(both.map(applied, (mine, theirs)))
    won = [text for text, change_id in zip((mine, theirs), done, strict=True) if change_id is not None]
    assert len(won) == 1
    assert f"{desk.rooms.models.find('small').context_length}" in won[0]
