"""Workers that begin as copies: as alone as new processes would be, and gone when their maker is."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from model_lineup.serving import forking

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux alone")
READ_AND_SAY = """
import os, signal, sys
from model_lineup.serving import forking
signal.signal(signal.SIGTERM, lambda *_: None)
os.environ["LINEUP_PORT"] = "1"

def run():
    order = sys.stdin.buffer.readline()
    handler = signal.getsignal(signal.SIGTERM)
    said = [order.decode().strip(), "LINEUP_PORT" in os.environ, os.getsid(0) == os.getpid(), handler == signal.SIG_DFL]
    os.write(1, (repr(said) + "\\n").encode())
    return len(order)

import asyncio

async def main(copies):
    for number, copy in enumerate(copies):
        await copy.listen()
        copy.stdin.write(b"x" * number + b"\\n")
    for copy in copies:
        print((await copy.stdout.readline()).decode().strip(), await copy.wait())

copies = []
for _ in range(3):
    copies.append(forking._copy(run, copies))
asyncio.run(main(copies))
"""


def test_a_copy_reads_its_order_says_that_it_is_ready_and_tells_its_exit_code() -> None:
    done = subprocess.run([sys.executable, "-c", READ_AND_SAY], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"['{'x' * n}', False, True, True] {n + 1}" for n in range(3)]
    assert done.stderr == ""


def test_copies_end_when_their_maker_does(tmp_path: Path) -> None:
    """Each waits for its order; none of them keeps another one's pipe open."""
    code = """
import os, sys
from model_lineup.serving import forking
copies = []
for _ in range(3):
    copies.append(forking._copy(lambda: len(sys.stdin.buffer.readline()), copies))
print(*(copy.pid for copy in copies), flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=20)
    # the pipes of the output are closed, which `run` waits for, when the last of them has ended
    assert done.returncode == -signal.SIGKILL
    assert len(done.stdout.split()) == 3


def test_what_a_copy_raises_is_told_and_ends_it() -> None:
    code = """
import asyncio
from model_lineup.serving import forking
def run():
    raise ValueError("no such order")
async def main(copy):
    await copy.listen()
    print(await copy.wait())
asyncio.run(main(forking._copy(run, [])))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    assert "no such order" in done.stderr


def test_a_process_with_threads_is_not_copied() -> None:
    held = threading.Event()
    other = threading.Thread(target=held.wait)
    other.start()
    try:
        assert forking.copies(2) == []
    finally:
        held.set()
        other.join()


def test_a_signal_reaches_a_copy_and_shows_in_its_exit_code() -> None:
    code = """
import asyncio, sys
from model_lineup.serving import forking
async def main(copies):
    for copy in copies:
        await copy.listen()
    copies[0].terminate()
    copies[1].kill()
    print([await copy.wait() for copy in copies])
    copies[0].kill()
copies = []
for _ in range(2):
    copies.append(forking._copy(lambda: len(sys.stdin.buffer.readline()), copies))
asyncio.run(main(copies))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"[{-signal.SIGTERM}, {-signal.SIGKILL}]"
