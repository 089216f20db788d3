"""`lineup groups`, `sees` and `who-sees` over a folder: who belongs, what is limited, and what comes of it."""

from tests.cli.conftest import Lineup


def test_a_model_is_limited_to_a_group_and_everybody_sees_what_that_means(lineup: Lineup) -> None:
    lineup.ok("providers", "add", "Acme", "https://api.example.com/v1")
    for name in ("gpt", "mini"):
        lineup.ok("models", "add", name, "--provider", "acme", "--visible")
    lineup.ok("people", "add", "bob@example.com")
    lineup.ok("keys", "create", "app")
    assert "Made the group 'research'" in lineup.ok("groups", "create", "research", "--requests-per-minute", "60")
    assert "2 members added to 'research'" in lineup.ok(
        "groups", "add", "research", "--person", "bob@example.com", "--member-key", "app"
    )
    assert "Dry run, nothing stored. 1 model limited" in lineup.ok("groups", "limit", "research", "gpt", "--dry-run")
    assert "1 model limited to 'research'." in lineup.ok("groups", "limit", "research", "gpt")
    assert [one["name"] for one in lineup.json("sees", "--person", "bob@example.com")["names"]] == ["gpt", "mini"]
    lineup.ok("groups", "remove", "research", "--member-key", "app")
    hidden = lineup.json("sees", "--of-key", "app", "--not")["names"]
    assert [(one["name"], one["reason"], one["groups"]) for one in hidden] == [("gpt", "not_member", ["research"])]
    assert "gpt is gpt at acme, for groups research." in lineup.ok("who-sees", "gpt")
    assert "is answered by 'gpt'" in lineup.ok("resolve", "gpt", "--person", "bob@example.com")
    kept_from = lineup("resolve", "gpt", "--of-key", "app")
    assert (kept_from.exit_code, "limited to groups" in kept_from.stdout) == (1, True)
    assert "lineup who-sees" in kept_from.stderr
    assert lineup("resolve", "gpt", "--of-key", "app", "--person", "bob@example.com").exit_code == 2
    assert "bob@example.com" in lineup.ok("groups", "members", "research")
    assert [row["model_id"] for row in lineup.json("models", "list", "--limited-to", "research")["models"]] == ["gpt"]
    refused = lineup("groups", "delete", "research")
    assert (refused.exit_code != 0, "lineup groups unlimit" in refused.stderr) == (True, True)
    assert "no longer limited" in lineup.ok("groups", "unlimit", "research", "gpt")
    assert "Changed the group" in lineup.ok("groups", "change", "research", "--name", "science", "--no-limits")
    assert "science" in lineup.ok("groups", "list")
    assert "Changed" in lineup.ok("people", "change", "bob@example.com", "--no-groups")
    dry = lineup.ok("groups", "delete", "science", "--dry-run")
    assert "Dry run, nothing stored. Deleted the group" in dry
    assert "Dry run, nothing stored." in lineup.ok("groups", "change", "science", "--name", "arts", "--dry-run")
    assert "Deleted the group" in lineup.ok("groups", "delete", "science")
    assert lineup("sees").exit_code == lineup("groups", "add", "1").exit_code == 2


def test_groups_are_said_with_new_models_and_aliases_and_a_dry_run_tells_who_loses_sight(lineup: Lineup) -> None:
    lineup.ok("providers", "add", "Acme", "https://api.example.com/v1")
    lineup.ok("people", "add", "bob@example.com")
    lineup.ok("groups", "create", "research")
    lineup.ok("models", "add", "gpt", "--provider", "acme", "--visible", "--group", "research")
    lineup.ok("aliases", "add", "best", "gpt", "--group", "research")
    assert lineup.json("models", "show", "gpt")["groups"] == [1]
    lineup.ok("models", "add", "mini", "--provider", "acme", "--visible")
    said = lineup.ok("groups", "limit", "research", "mini", "--dry-run")
    assert "would lose sight of something: " in said
    assert "bob@example.com" in said
    lineup.ok("groups", "add", "research", "--person", "bob@example.com")
    left = lineup.ok("groups", "remove", "research", "--person", "bob@example.com", "--dry-run")
    assert "1 person and 0 keys would lose sight of something: bob@example.com." in left
