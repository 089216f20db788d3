"""`lineup providers` over a folder, with a provider that answers."""

from tests.cli.conftest import Lineup
from tests.fakes.paced import Paced


def test_a_provider_is_added_fetched_and_tested(lineup: Lineup, echo: Paced) -> None:
    assert "Added local as provider 1." in lineup.ok(
        "providers", "add", "Local", echo.base_url, "--network-scope", "loopback"
    )
    assert "1 added" in lineup.ok("providers", "fetch", "local", "--dry-run")
    assert "No models yet" in lineup.ok("models", "list")
    fetched = lineup.ok("providers", "fetch", "Local")
    assert "1 model listed on 1 page: 1 added" in fetched
    assert "paced-echo" in fetched
    assert "Passed in" in lineup.ok("providers", "test", "1")
    assert "paced-echo" in lineup.ok("models", "list")


def test_a_provider_that_does_not_answer_fails_its_test_with_1(lineup: Lineup) -> None:
    lineup.provider()
    result = lineup("providers", "test", "local")
    assert result.exit_code == 1
    assert "Failed at connect" in result.stdout


def test_a_key_comes_from_standard_input_or_the_environment_and_is_never_shown(lineup: Lineup) -> None:
    add = ["providers", "add", "Cloud", "https://api.example.com/v1"]
    said = lineup.ok(*add, "--api-key-stdin", input="sk-secret-1234\n")
    said += lineup.ok("providers", "list")
    said += lineup.ok("providers", "change", "cloud", "--api-key-env", "THE_KEY", env={"THE_KEY": "sk-other-9876"})
    said += lineup.ok("providers", "show", "cloud") + str(lineup.json("providers", "list"))
    assert "…1234" in said
    assert "9876" in said
    assert "sk-" not in said


def test_another_origin_needs_the_key_again_and_the_hint_says_how(lineup: Lineup) -> None:
    lineup.ok("providers", "add", "Cloud", "https://api.example.com/v1", "--api-key-stdin", input="sk-secret-1234\n")
    result = lineup("providers", "change", "cloud", "--base-url", "https://api.example.org/v1")
    assert result.exit_code == 1
    assert "(credential_rebind_required) Give the key again: --api-key-stdin" in result.stderr


def test_only_what_is_said_changes_and_fields_can_be_taken_away(lineup: Lineup) -> None:
    more = ["--header", "X-Title=Lineup", "--timeout", "connect_s=2"]
    lineup.ok("providers", "add", "Cloud", "https://api.example.com/v1", *more)
    lineup.ok("providers", "change", "cloud", "--name", "Cloud two", "--remove", "headers")
    row = lineup.json("providers", "show", "Cloud two")
    assert (row["slug"], row["headers"], row["timeouts"]) == ("cloud", {}, {"connect_s": 2.0})


def test_a_provider_is_switched_off_and_on(lineup: Lineup) -> None:
    lineup.provider()
    lineup.ok("models", "add", "m", "--provider", "local", "--visible")
    assert "local is off." in lineup.ok("providers", "disable", "local")
    assert lineup("resolve", "m").exit_code == 1
    assert "Nothing had to change." in lineup.ok("providers", "disable", "local")
    lineup.ok("providers", "enable", "local")
    assert lineup("resolve", "m").exit_code == 0


def test_the_order_names_only_who_comes_first(lineup: Lineup) -> None:
    for name in ("One", "Two", "Three"):
        lineup.provider(name=name)
    lineup.ok("providers", "order", "three")
    assert [row["slug"] for row in lineup.json("providers", "list")["providers"]] == ["three", "one", "two"]


def test_a_provider_with_models_is_deleted_only_by_force(lineup: Lineup) -> None:
    lineup.provider()
    lineup.ok("models", "add", "m", "--provider", "local")
    result = lineup("providers", "delete", "local")
    assert result.exit_code == 1
    assert "--force" in result.stderr
    assert "Deleted local. Change" in lineup.ok("providers", "delete", "local", "--force")
    assert "No providers yet" in lineup.ok("providers", "list")


def test_the_kinds_are_listed(lineup: Lineup) -> None:
    assert "openai" in lineup.ok("providers", "kinds")


def test_a_scope_is_offered_only_where_one_would_allow_the_address(lineup: Lineup) -> None:
    private = lineup("providers", "add", "Box", "http://10.0.0.1/v1")
    assert "(egress_refused) --network-scope private allows it, if you trust what answers there." in private.stderr
    metadata = lineup("providers", "add", "Cloud", "http://169.254.169.254/v1")
    assert metadata.stderr.endswith("(egress_refused)\n")
