"""The listening socket, and what its connections inherit."""

import contextlib
import socket
from pathlib import Path

import pytest

from model_lineup.errors import StartRefused
from model_lineup.serving.listener import bound
from model_lineup.settings import load


def test_for_a_client_who_does_not_read_the_kernel_takes_little(tmp_path: Path) -> None:
    settings = load({}, data_dir=tmp_path, port=0, unsent_kib=64).settings
    with bound(settings) as listener, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listener.getsockname())
        connection, _ = listener.accept()
        with connection:
            connection.setblocking(False)
            taken = 0
            with contextlib.suppress(BlockingIOError):
                while taken < 4 * 2**20:
                    taken += connection.send(b"x" * 4096)
    assert taken < 160 * 1024, "its own 64 KiB, and what the client's system took"


def test_a_port_that_is_taken_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = load({}, data_dir=tmp_path, port=other.getsockname()[1]).settings
        with pytest.raises(StartRefused, match="Choose another one with --host, --port"):
            bound(settings)
