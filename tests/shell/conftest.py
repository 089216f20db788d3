"""A server that is shared by the tests of the shell, and has no time."""

from collections.abc import Iterator

import pytest

from tests.fakes.server import Server, running_server
from tests.shell.raw import BODY_S, HEAD_S, STALL_S


@pytest.fixture(scope="session")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has no time."""
    folder = tmp_path_factory.mktemp("hasty")
    times = {"header_receipt_s": HEAD_S, "body_receipt_s": BODY_S, "keep_alive_s": 2, "write_stall_s": STALL_S}
    with running_server(folder, metrics_token="metrics-token-for-tests", **times) as server:
        yield server
