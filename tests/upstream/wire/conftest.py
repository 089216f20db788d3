"""Both event loops, and a look at what is left behind."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path as FilePath
from typing import Any

import pytest
import uvloop

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def _open_files() -> set[str]:
    links = [link for link in FilePath("/proc/self/fd").iterdir() if link.is_symlink()]
    return {f"{link.name}:{link.readlink()}" for link in links}


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine in a fresh loop; afterwards no task and no socket may be left."""

    def runner(coroutine: Coroutine[Any, Any, Any]) -> Any:
        async def watched() -> Any:
            try:
                return await coroutine
            finally:
                left = asyncio.all_tasks() - {asyncio.current_task()}
                assert not left, left

        before = _open_files()
        factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as loop:
            result = loop.run(watched())
        left = {name for name in _open_files() - before if "socket" in name}
        assert not left, left
        return result

    return runner
