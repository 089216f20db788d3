"""A certified provider of OpenID Connect as a process of its own: panva's `oidc-provider`, which npm has put beside the
other tools of tests.

    with running_oidc_server() as provider:
        server = running_server(…, oidc_issuer=provider.issuer, …)
        provider.leads_back_to(server.url)
"""

import json
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.browser import PACKAGES, node_command

CLIENT_ID, CLIENT_SECRET = "lineup", "a secret: of 50 % and more"
SCRIPT = Path(__file__).with_name("oidc_server.mjs")
WITHIN_S = 60.0


class NoOidcServer(Exception):
    """The message says what is missing."""


class OidcServer:
    """`issuer`: its address. Anybody may sign in there with any password."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.issuer = str(self._said()["issuer"])

    def leads_back_to(self, base: str) -> None:
        """Know the one client, a Lineup at this address."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": CLIENT_ID, "secret": CLIENT_SECRET, "back": base}) + "\n")
        self._process.stdin.flush()
        self._said()

    def _said(self) -> dict[str, Any]:
        """Its next line. Lines that are no JSON are notices."""
        out = self._process.stdout
        assert out is not None
        while select.select([out], [], [], WITHIN_S)[0] and (line := out.readline()):
            if line.startswith("{"):
                found: dict[str, Any] = json.loads(line)
                return found
        raise RuntimeError(f"the provider ended, or said nothing: {self._process.poll()}")


@contextmanager
def running_oidc_server() -> Iterator[OidcServer]:
    """Raises NoOidcServer."""
    node = node_command()
    if node is None or not (PACKAGES / "oidc-provider").is_dir():
        raise NoOidcServer("oidc-provider is not in node_modules; `make setup-dev` puts it there")
    process = subprocess.Popen(
        [*node, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield OidcServer(process)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
