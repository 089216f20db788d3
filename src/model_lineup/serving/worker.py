"""What each of several workers runs: `python -m model_lineup.serving.worker`, started by the supervisor.

Its standard input brings the order, and ends when the supervisor does, however that ends: then the worker ends too, in
order. It says `ready` on its standard output when it takes requests.
"""

import os
import signal
import socket
import sys
import threading

import msgspec

from model_lineup.app import open_instance
from model_lineup.errors import StartRefused
from model_lineup.faces import build
from model_lineup.metrics import share_metrics
from model_lineup.serving.disk import ended_by_its_disk
from model_lineup.serving.memory import share_heaps
from model_lineup.serving.order import READY, REFUSED, Order
from model_lineup.serving.server import run
from model_lineup.settings import Settings
from model_lineup.telemetry import configure


def main() -> int:
    """Serve, as ordered; the exit code."""
    share_heaps()
    line = sys.stdin.buffer.readline()
    if not line:
        return 0  # the supervisor ended before there was anything to do
    order = msgspec.json.decode(line, type=Order)
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    settings = Settings.model_validate(order.settings)
    configure(settings.log_level, settings.log_format)
    share_metrics(order.metrics_folder, order.worker)
    try:
        with (
            open_instance(settings, migrate=False) as rooms,
            socket.socket(fileno=order.listener) as listener,
            ended_by_its_disk(rooms.database),
        ):
            run(settings, build(rooms, worker=order.worker), listener, on_ready=_say_ready)
    except StartRefused as error:
        sys.stderr.write(f"{error.detail}\n")
        return REFUSED
    return 0


def _say_ready() -> None:
    os.write(1, READY)


def _end_with_supervisor() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
