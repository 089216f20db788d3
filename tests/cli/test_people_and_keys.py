"""`lineup people`, `lineup keys`, `lineup create-admin`."""

from contextlib import closing

from model_lineup.database.engines import sqlite_module
from tests.cli.conftest import PASSWORD, Lineup


def test_the_first_administrator_makes_the_lineup(nowhere: Lineup) -> None:
    said = nowhere.ok("create-admin", "bob@example.com", "--password-stdin", input=f"{PASSWORD}\n")
    assert "bob@example.com can sign in as an administrator." in said
    assert nowhere.json("people", "list")["people"][0]["role"] == "admin"
    assert nowhere.folder.stat().st_mode & 0o777 == 0o700


def test_a_weak_password_is_refused_with_the_field(nowhere: Lineup) -> None:
    result = nowhere("create-admin", "bob@example.com", "--password-stdin", input="short\n")
    assert result.exit_code == 1
    assert "/password" in result.stderr


def test_without_a_terminal_a_password_is_not_asked_for(nowhere: Lineup) -> None:
    result = nowhere("create-admin", "bob@example.com")
    assert result.exit_code == 2
    assert "--password-stdin" in result.stderr
    assert not nowhere.folder.exists()


def test_an_address_that_is_taken_leads_to_a_new_password(lineup: Lineup) -> None:
    result = lineup("create-admin", "Ann@example.com", "--password-stdin", input=PASSWORD)
    assert result.exit_code == 1
    assert "lineup people change" in result.stderr
    lineup.ok("people", "change", "ANN@example.com", "--password-stdin", input="another good password")


def test_a_person_is_added_changed_and_deleted(lineup: Lineup) -> None:
    lineup.ok("people", "add", "bob@example.com", "--role", "viewer")
    lineup.ok("people", "change", "bob@example.com", "--role", "user", "--disable")
    bob = lineup.json("people", "list")["people"][1]
    assert (bob["role"], bob["disabled"], bob["password_set"]) == ("user", True, False)
    lineup.ok("people", "delete", "bob@example.com")
    assert "bob@" not in lineup.ok("people", "list")


def test_the_last_administrator_stays(lineup: Lineup) -> None:
    assert "(last_admin)" in lineup("people", "delete", "ann@example.com").stderr


def test_a_key_stands_alone_on_standard_output(lineup: Lineup) -> None:
    result = lineup("keys", "create", "deploy", "--kind", "admin", "--expires-in-days", "90")
    assert result.exit_code == 0
    key = result.stdout.removesuffix("\n")
    assert key.startswith("lineup_")
    assert "\n" not in key
    assert "deploy" in result.stderr
    listed = lineup.ok("keys", "list")
    assert "deploy" in listed
    assert key not in listed
    assert f"…{key[-4:]}" in listed


def test_a_key_is_limited_disabled_and_revoked(lineup: Lineup) -> None:
    lineup.ok("keys", "create", "bot", "--kind", "agent", "--requests-per-minute", "10", "--expires-in-days", "1")
    lineup.ok("keys", "change", "bot", "--disable", "--no-limits", "--never-expires")
    key = lineup.json("keys", "list")["keys"][0]
    assert (key["disabled"], key["limits"], key["expires_at"]) == (True, {}, None)
    assert "Revoked the key 'bot'. Change" in lineup.ok("keys", "delete", "1")


def test_two_keys_of_one_name_are_told_apart_by_id(lineup: Lineup) -> None:
    for _ in range(2):
        lineup.ok("keys", "create", "bot")
    result = lineup("keys", "delete", "bot")
    assert result.exit_code == 1
    assert "2 have the name 'bot'; say the id." in result.stderr


def test_changes_tell_who_did_what(lineup: Lineup) -> None:
    lineup.ok("people", "add", "bob@example.com")
    listed = lineup.ok("changes", "list")
    assert "people.create" in listed
    assert "local command line" in listed
    shown = lineup.ok("changes", "show", str(lineup.json("changes", "list")["changes"][0]["id"]))
    assert "bob@example.com" in shown


def test_the_journal_proves_that_nobody_changed_it(lineup: Lineup) -> None:
    lineup.ok("people", "add", "bob@example.com")
    found = lineup.json("changes", "verify")
    assert (found["holds"], found["change_sets"], found["broken_at"]) == (True, 2, None)
    digest = found["head"]["digest"]
    assert digest in lineup.ok("changes", "verify", "--digest", digest)
    result = lineup("changes", "verify", "--digest", "0" * 64)
    assert result.exit_code == 1
    assert "written anew" in result.stdout
    with closing(sqlite_module().connect(lineup.folder / "lineup.db")) as connection:
        connection.execute("DROP TRIGGER change_sets_no_update")
        connection.execute("UPDATE change_sets SET actor = 'somebody else' WHERE id = 2")
        connection.commit()
    result = lineup("changes", "verify")
    assert result.exit_code == 1
    assert "broken at change 2" in result.stdout
    assert lineup("changes", "verify", "--json").exit_code == 1


def test_the_security_log_tells_who_was_made_and_by_whom(lineup: Lineup) -> None:
    lineup.ok("people", "add", "bob@example.com", "--role", "viewer")
    said = lineup.ok("security-log", "--event", "person_made")
    assert "bob@example.com" in said
    assert "local command line" in said
    assert lineup.json("security-log", "--actor", "nobody")["entries"] == []
    assert "Nothing of that sort" in lineup.ok("security-log", "--since", "2100-01-01T00:00:00Z")
    assert lineup("security-log", "--event", "nonsense").exit_code == 1
