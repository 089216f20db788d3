"""Both event loops, the transport that asks the kernel for stamps, and a look at what is left behind."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path as FilePath
from typing import Any

import pytest
import uvloop

from model_lineup.upstream.wire import Receipts, client
from model_lineup.upstream.wire.dial import Dialler

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def _open_files() -> set[str]:
    links = [link for link in FilePath("/proc/self/fd").iterdir() if link.is_symlink()]
    return {f"{link.name}:{link.readlink()}" for link in links}


def _stamping_dialler(names: Any, contexts: Any, listeners: Any, receipts: Receipts | None) -> Dialler:
    return Dialler(names, contexts, listeners, receipts or Receipts())


@pytest.fixture(params=["asyncio", "uvloop", "stamped"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a coroutine in a fresh loop; afterwards no task and no socket may be left.

    `stamped`: every client reads as the measuring one does, on uvloop as there.
    """
    if request.param == "stamped":
        monkeypatch.setattr(client, "Dialler", _stamping_dialler)

    def runner(coroutine: Coroutine[Any, Any, Any]) -> Any:
        async def watched() -> Any:
            try:
                return await coroutine
            finally:
                left = asyncio.all_tasks() - {asyncio.current_task()}
                assert not left, left

        before = _open_files()
        factory = uvloop.new_event_loop if request.param != "asyncio" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as loop:
            result = loop.run(watched())
        left = {name for name in _open_files() - before if "socket" in name}
        assert not left, left
        return result

    return runner
