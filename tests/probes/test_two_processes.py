"""Tests by the clock with two processes over one database: each round is done once, and nothing without a schedule."""

import json
import subprocess
import sys
from pathlib import Path

from model_lineup.app import open_instance
from model_lineup.catalog.check_schedule import CheckSchedule
from model_lineup.catalog.shapes import NewModel, NewProvider, ProviderChanges
from model_lineup.rooms import Rooms
from tests.fakes.instances import Kind, Templates
from tests.fakes.provider import FakeProvider, hello
from tests.probes.conftest import AUTHOR

_WORKER = """
import asyncio, json, sys
from model_lineup.app import open_instance
from model_lineup.settings import Settings

async def looks(rooms):
    for _ in sys.stdin:  # a line for each look
        print(json.dumps(await rooms.checks.look()), flush=True)
    await rooms.upstream.close()

with open_instance(Settings.model_validate(json.loads(sys.argv[1])), migrate=False) as rooms:
    print("ready", flush=True)
    asyncio.run(looks(rooms))
"""


class Worker:
    """A process of its own over the same instance."""

    def __init__(self, folder: Path, url: str | None) -> None:
        settings = json.dumps({"data_dir": str(folder), "database_url": url})
        command = [sys.executable, "-c", _WORKER, settings]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._said, self._heard = self._process.stdin, self._process.stdout

    def hear(self) -> str:
        line: str = self._heard.readline()
        return line.strip()

    def begin_to_look(self) -> None:
        self._said.write("look\n")
        self._said.flush()

    def end(self) -> None:
        self._said.close()
        self._process.wait(30)
        self._heard.close()


def test_a_round_is_done_by_one_of_two_processes_and_none_without_a_schedule(
    kind: Kind, templates: Templates, tmp_path: Path, able: FakeProvider
) -> None:
    able.answer("/chat/completions", lambda got: [0.2, *hello()])
    folder = tmp_path / "instance"
    with templates.settings(kind, folder) as settings, open_instance(settings) as rooms:
        provider_id = _visible_model(rooms, able)
        secret = settings.database_url
        workers = [Worker(folder, secret.get_secret_value() if secret else None) for _ in range(2)]
        try:
            assert [worker.hear() for worker in workers] == ["ready", "ready"]
            assert _both_look(workers) == [[], []]
            assert able.requests == []
            changes = ProviderChanges(check_schedule=CheckSchedule(60, 10_000))
            rooms.providers.change(provider_id, changes, AUTHOR)
            assert sorted(_both_look(workers)) == [[], [provider_id]]
            assert _both_look(workers) == [[], []]
        finally:
            for worker in workers:
                worker.end()
        assert len(able.requests) == 1


def _visible_model(rooms: Rooms, able: FakeProvider) -> int:
    new = NewProvider(name="Fake", type="openai", base_url=able.base_url, network_scope="loopback", api_key="canary")
    provider, _ = rooms.providers.create(new, AUTHOR)
    rooms.models.create(NewModel(provider_id=provider.id, model_id="m", visible=True), AUTHOR)
    return provider.id


def _both_look(workers: list[Worker]) -> list[list[int]]:
    """At the same time."""
    for worker in workers:
        worker.begin_to_look()
    return [json.loads(worker.hear()) for worker in workers]
