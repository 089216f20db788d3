"""Runs a server for the tests and ends it with them, however they end: normally, by a failure, or by `kill -9`.

`python guard.py DIRECTORY USER COMMAND …` runs the command (as USER when that is not empty) until its own standard
input closes, which the kernel does when the test process is gone; then it stops the server and deletes the directory.
It has a session of its own, so that Ctrl-C reaches the tests and not the server.
"""

import shutil
import signal
import subprocess
import sys
import threading

STOP_WITHIN_S = 10


def main(directory: str, user: str, *command: str) -> int:
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, user=user or None, extra_groups=[] if user else None)
    tests_are_gone = threading.Event()
    threading.Thread(target=_wait_for_end_of_input, args=(tests_are_gone,), daemon=True).start()
    while not tests_are_gone.wait(0.1):
        if server.poll() is not None:
            return 1  # the tests read the log in the directory, so it stays
    _stop(server)
    shutil.rmtree(directory, ignore_errors=True)
    return 0


def _wait_for_end_of_input(reached: threading.Event) -> None:
    sys.stdin.buffer.read()
    reached.set()


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # to PostgreSQL: a fast shutdown, which does not wait for clients
    try:
        server.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
