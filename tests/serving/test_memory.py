import subprocess
import sys

import pytest

from model_lineup.serving import memory

THREADS_THAT_ALLOCATE = """
import ctypes, runpy, sys, threading
if sys.argv[1] == "shared":
    runpy.run_path(sys.argv[2])["share_heaps"]()
libc, meet = ctypes.CDLL(None), threading.Barrier(12)
def allocate():
    meet.wait()
    libc.malloc(50_000)
    meet.wait()
threads = [threading.Thread(target=allocate) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="heaps of threads are glibc's")
@pytest.mark.parametrize(("how", "fewest", "most"), [("shared", 1, 2), ("as they come", 3, 99)])
def test_threads_share_their_heaps(how: str, fewest: int, most: int) -> None:
    command = [sys.executable, "-c", THREADS_THAT_ALLOCATE, how, memory.__file__]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert fewest <= told.count("<heap nr=") <= most
