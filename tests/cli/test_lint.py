"""`lineup lint`: findings in words, and an exit code for scripts."""

from tests.cli.conftest import Lineup


def test_findings_are_told_and_the_exit_code_follows_the_severity(lineup: Lineup) -> None:
    assert "Nothing to find fault with." in lineup.ok("lint", "--fail-on", "info")
    lineup.ok("providers", "add", "Acme", "https://api.example.com/v1")
    lineup.ok("models", "add", "m", "--provider", "acme", "--visible")
    assert "Its context length is unknown." in lineup.ok("lint")
    assert lineup("lint", "--fail-on", "info").exit_code == 1
    assert lineup("lint", "--fail-on", "warning").exit_code == 0
    found = lineup.json("lint", "--rule", "price-unknown")
    assert [(one["rule"], one["subject"]["link"]) for one in found["findings"]] == [
        ("price-unknown", "/api/admin/models/1")
    ]
    assert lineup("lint", "--rule", "nonsense").exit_code == 1
