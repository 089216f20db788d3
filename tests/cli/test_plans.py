"""`lineup plans`, and what `lineup providers` says about fetching, over a folder, with a provider that answers."""

import pytest

from model_lineup.upstream.contract import ListedModel, Page
from model_lineup.upstream.kinds.openai import OpenAIKind
from tests.cli.conftest import Lineup
from tests.fakes.paced import Paced


@pytest.fixture
def fetched_from(lineup: Lineup, echo: Paced) -> Lineup:
    lineup.ok("providers", "add", "Local", echo.base_url, "--network-scope", "loopback")
    return lineup


def test_a_fetch_is_kept_looked_at_and_applied(fetched_from: Lineup) -> None:
    lineup = fetched_from
    assert "Plan 1 of local is open: 1 model listed on 1 page: 1 added; 1 left" in lineup.ok(
        "providers", "fetch", "local", "--plan"
    )
    assert "No models yet" in lineup.ok("models", "list")
    assert "1 added" in lineup.ok("plans", "list", "--provider", "local", "--status", "open")
    assert "new in the list; arrives hidden" in lineup.ok("plans", "items", "1", "--left")
    assert "Dry run, nothing stored. 1 item of plan 1 applied; 0 left." in lineup.ok("plans", "apply", "1", "--dry-run")
    assert "1 item of plan 1 applied; 0 left. Change" in lineup.ok("plans", "apply", "1", "--outcome", "added")
    assert "had been before" in lineup.ok("plans", "apply", "1")
    assert "paced-echo" in lineup.ok("models", "list")
    assert lineup.json("plans", "show", "1")["status"] == "applied"


def test_a_plan_that_was_overtaken_says_by_what(fetched_from: Lineup) -> None:
    lineup = fetched_from
    lineup.ok("plans", "make", "local")
    lineup.ok("models", "add", "paced-echo", "--provider", "local")
    assert "1 item would do something else now" in lineup.ok("plans", "show", "1")
    refused = lineup("plans", "apply", "1")
    assert (refused.exit_code, "(plan_overtaken)" in refused.stderr, "'paced-echo'" in refused.stderr) == (
        1,
        True,
        True,
    )
    assert "Plan 1 is discarded." in lineup.ok("plans", "discard", "1")


def test_models_that_only_seem_to_change_are_said_to(fetched_from: Lineup, monkeypatch: pytest.MonkeyPatch) -> None:
    lineup = fetched_from
    monkeypatch.setattr(OpenAIKind, "page", lambda _self, _body: Page((ListedModel("paced-echo", {}),)))
    lineup.ok("providers", "fetch", "local")
    more = ListedModel("paced-echo", {"context_length": 7})
    monkeypatch.setattr(OpenAIKind, "page", lambda _self, _body: Page((more,)))
    monkeypatch.setattr(OpenAIKind, "list_reading", OpenAIKind.list_reading + 1)
    said = "1 of those changed: Lineup reads more of this provider's list now than it did before"
    assert said in lineup("plans", "make", "local").stderr
    assert "it had read is as it was" in lineup.ok("plans", "items", "1", "--outcome", "changed")
    fetched = lineup("providers", "fetch", "local")
    assert (said in fetched.stderr, "context_length:" in fetched.stdout) == (True, True)


def test_rules_are_checked_set_and_taken_away(fetched_from: Lineup) -> None:
    lineup = fetched_from
    lineup.ok("plans", "make", "local")
    assert "leaves 1 alone" in lineup.ok("providers", "rules", "local", "--ignore", "paced-*", "--check")
    assert "No rules" in lineup.ok("providers", "rules", "local")
    lineup.ok("providers", "rules", "local", "--ignore", "paced-*")
    assert "1 model ignored" in lineup("providers", "fetch", "local").stderr
    assert "No rules: a fetch looks at everything (1 known model)." in lineup.ok(
        "providers", "rules", "local", "--clear"
    )


def test_a_schedule_is_set_run_and_switched_off(fetched_from: Lineup) -> None:
    lineup = fetched_from
    assert "Fetched only when asked." in lineup.ok("providers", "schedule", "local")
    said = lineup.ok("providers", "schedule", "local", "--every-minutes", "60", "--apply", "added")
    assert "Fetched every 60 minutes; applied alone: added." in said
    assert "plan 1, 1 applied, 0 left" in lineup.ok("providers", "schedule", "local", "--run")
    assert "paced-echo" in lineup.ok("models", "list")
    assert "only when asked" in lineup.ok("providers", "schedule", "local", "--off")
    assert lineup("providers", "schedule", "local", "--apply", "added").exit_code == 2
