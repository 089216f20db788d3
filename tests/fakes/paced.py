"""Starts the paced provider in its own process."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Paced:
    """A running paced provider."""

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/v1"

    def stats(self) -> list[dict[str, Any]]:
        """What it recorded per request: `came_at`, `ttft_ms`, `gaps_ms`, `late_ms`, `sending_ms`, `tokens` …"""
        return self._call("GET")

    def forget(self) -> None:
        self._call("DELETE")

    def _call(self, method: str) -> list[dict[str, Any]]:
        request = urllib.request.Request(f"{self.base_url}/stats", method=method)
        with urllib.request.urlopen(request) as answer:
            requests: list[dict[str, Any]] = json.load(answer)["requests"]
        return requests


@contextmanager
def paced(*options: str) -> Iterator[Paced]:
    """`options` as for `python -m model_lineup.demo.paced`."""
    command = [sys.executable, "-m", "model_lineup.demo.paced", "--until-stdin-closes", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Paced(int(process.stdout.readline()))
        finally:
            process.stdin.close()
            process.wait(10)
