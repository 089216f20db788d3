"""The guard of every server's event loop bites, and only there. It cannot be taken off, so each case is a process."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.loop_guard import MARK

PROGRAM = """
import asyncio, socket, sqlite3, time
from sqlalchemy import create_engine, text
from tests.fakes import loop_guard
loop_guard.install()
engine = create_engine("sqlite://")

def block():
    {deed}

async def main():
    {how}

asyncio.run(main())
"""
DEEDS = {
    "time.sleep": "time.sleep(0.001)",
    "SQL": 'engine.connect().execute(text("SELECT 1"))',
    "open": "open(__import__('os').devnull).close()",
    "socket.getaddrinfo": 'socket.getaddrinfo("127.0.0.1", 1)',
    "os.scandir": "list(__import__('os').scandir('.'))",
}


def run(deed: str, how: str) -> "subprocess.CompletedProcess[str]":
    program = PROGRAM.format(deed=DEEDS[deed], how=how)
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)


@pytest.mark.parametrize("deed", DEEDS)
def test_what_blocks_the_loop_raises_there_and_may_be_done_in_a_thread(deed: str) -> None:
    blocked = run(deed, "block()")
    assert f"{MARK} by {deed}" in blocked.stderr
    assert "BlockedLoop" in blocked.stderr.splitlines()[-1]
    assert blocked.returncode == 1
    allowed = run(deed, "await asyncio.to_thread(block)")
    assert (allowed.returncode, MARK in allowed.stderr) == (0, False), allowed.stderr


def test_a_server_of_the_tests_has_it() -> None:
    source = Path("tests/fakes/nursery.py").read_text("utf-8")
    assert "loop_guard.install()" in source
