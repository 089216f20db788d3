"""The ledger of a real server with two workers: nothing is counted twice, and an orderly end loses nothing."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from model_lineup.app import open_instance
from model_lineup.ledger.tables import usage_days, usage_entries
from model_lineup.settings import Settings
from tests.fakes.counts import count
from tests.fakes.provider import FakeProvider, fake_provider, reply
from tests.fakes.server import Server, Workbench

ANSWER = {
    "model": "m",
    "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
}
CALLERS, EACH = 4, count(15, 500)


def call(server: Server, token: str) -> None:
    client = server.client(token)
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    for _ in range(EACH):
        assert client.post("/v1/chat/completions", body).status == 200
    client.close()


def chats(server: Server, provider: FakeProvider) -> int:
    """Many at once; how many there were."""
    bench = Workbench(server.admin())
    bench.model(bench.provider(provider.base_url)["id"], "m", visible=True)
    provider.answer("/chat/completions", reply(ANSWER))
    token = bench.key("user")["key"]
    callers = [threading.Thread(target=call, args=(server, token)) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return CALLERS * EACH


def written(folder: Path) -> tuple[int, int, int]:
    """Entries, requests in the sums, tokens in the sums."""
    with open_instance(Settings.model_validate({"data_dir": folder})) as rooms, rooms.database.read() as connection:
        entries = connection.execute(select(func.count()).select_from(usage_entries)).scalar_one()
        sums = select(*(func.coalesce(func.sum(usage_days.c[name]), 0) for name in ("requests", "prompt_tokens")))
        requests, tokens = connection.execute(sums).one()
        return int(entries), int(requests), int(tokens)


def test_two_workers_that_are_told_to_end_have_written_everything(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with fake_provider() as provider, Server(folder, workers=2, usage_flush_s=60, drain_delay_s=0) as server:
        asked = chats(server, provider)
        assert server.terminate()[0] == 0
    assert written(folder) == (asked, asked, 3 * asked)


@pytest.mark.hard
def test_a_killed_server_loses_at_most_what_it_had_not_written(tmp_path: Path) -> None:
    with fake_provider() as provider, Server(tmp_path / "data", usage_flush_s=60) as server:
        asked = chats(server, provider)
        seen = server.admin().must("GET", "/api/admin/usage")["totals"]["requests"]
        assert seen == asked, "whoever reads makes the worker that answers write first"
        call(server, Workbench(server.admin()).key("user")["key"])
        server.kill()
    entries, requests, tokens = written(tmp_path / "data")
    assert asked <= entries <= asked + EACH
    assert (requests, tokens) == (entries, 3 * entries)
