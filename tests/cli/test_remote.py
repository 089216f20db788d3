"""The same verbs on a server elsewhere, with an admin key."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Lineup
from tests.fakes.client import Client
from tests.fakes.paced import Paced
from tests.fakes.provider import HANG, fake_provider
from tests.fakes.server import Server, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    return Lineup(server.data_dir).ok("keys", "create", "cli", "--kind", "admin").strip()


@pytest.fixture
def remote(server: Server, key: str, tmp_path: Path) -> Lineup:
    """A command line that knows its server from the environment alone."""

    class Remote(Lineup):
        def __call__(self, *arguments: str, input: str | None = None, env: dict[str, str] | None = None):  # type: ignore[no-untyped-def]
            given = {"LINEUP_URL": server.url, "LINEUP_KEY": key, **(env or {})}
            return super().__call__(*arguments, input=input, env=given)

    return Remote(tmp_path / "none")


def test_a_model_is_registered_tested_and_benchmarked_there(remote: Lineup, echo: Paced) -> None:
    remote.provider(echo.base_url, name="There")
    remote.ok("providers", "fetch", "there")
    remote.ok("models", "unhide", "paced-echo")
    assert "passed in" in remote.ok("test", "paced-echo")
    assert "3 of 3 succeeded" in remote.ok("benchmark", "paced-echo", "--requests", "3", "--max-tokens", "2")
    assert "is answered by" in remote.ok("resolve", "there/paced-echo")
    assert not remote.folder.exists()


def test_a_run_can_be_left_to_the_server_and_followed_later(remote: Lineup, echo: Paced) -> None:
    remote.provider(echo.base_url, name="Later")
    remote.ok("models", "add", "later", "--provider", "later")
    started = remote.json("benchmark", "later", "--requests", "30", "--max-tokens", "3", "--async")
    assert started["state"] == "running"
    assert "30 of 30 succeeded" in remote.ok("runs", "follow", str(started["id"]))


def test_what_waits_for_its_turn_is_listed_and_ended(remote: Lineup, server: Server, key: str) -> None:
    with fake_provider() as provider:
        provider.answer("/chat/completions", [HANG])
        remote.provider(provider.base_url, name="Hangs")
        ids = [remote.json("models", "add", f"hangs-{n}", "--provider", "hangs")["id"] for n in range(5)]
        body = {"model_ids": ids, "capabilities": ["stop"]}
        with closing(Client(server.port, key)) as client:
            client.must("POST", "/api/admin/models/bulk/test-capabilities", body)
        turns = remote.json("turns", "list", "--kind", "capabilities")["turns"]
        assert [one["model"] for one in turns] == ids
        assert "hangs-4" in remote.ok("turns", "list")
        assert "1 turn ended." in remote.ok("turns", "cancel", str(turns[-1]["id"]))
        assert "Nothing waits." in remote.ok("turns", "cancel", str(turns[-1]["id"]))
        assert "4 turns ended." in remote.ok("turns", "cancel", "--kind", "capabilities")
        assert "hangs-3" not in remote.ok("turns", "list", "--state", "waiting")
    refused = remote("turns", "cancel")
    assert (refused.exit_code, "--all" in refused.stderr) == (2, True)
    assert "Nothing waits." in remote.ok("turns", "cancel", "--all")


def test_a_folder_wins_over_a_server_in_the_environment(remote: Lineup, lineup: Lineup) -> None:
    assert "ann@example.com" in remote.ok("people", "list", "--data-dir", str(lineup.folder))


def test_both_see_the_same_while_the_server_runs(remote: Lineup, server: Server) -> None:
    here = Lineup(server.data_dir)
    here.ok("people", "add", "carol@example.com")
    assert "carol@example.com" in remote.ok("people", "list")
    remote.ok("people", "delete", "carol@example.com")
    assert "carol@example.com" not in here.ok("people", "list")


def test_a_wrong_key_is_told_with_what_it_should_be(remote: Lineup) -> None:
    result = remote("models", "list", env={"LINEUP_KEY": "wrong"})
    assert result.exit_code == 1
    assert "must be an admin key of this server" in result.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense", "ftp://127.0.0.1", "http://169.254.169.254"])
def test_a_server_that_cannot_be_reached_is_told_without_a_traceback(remote: Lineup, url: str) -> None:
    result = remote("models", "list", env={"LINEUP_URL": url})
    assert result.exit_code == 1
    assert f"Error: {url}: " in result.stderr
    assert json.loads(remote("models", "list", "--json", env={"LINEUP_URL": url}).stdout)["code"] == "unreachable"


def test_what_is_no_lineup_is_told(remote: Lineup, echo: Paced) -> None:
    result = remote("models", "list", env={"LINEUP_URL": echo.base_url})
    assert result.exit_code == 1
    assert "(not_lineup)" in result.stderr


def test_an_address_may_end_in_the_api(remote: Lineup, server: Server) -> None:
    assert remote("people", "list", env={"LINEUP_URL": f"{server.url}/api/admin/"}).exit_code == 0
