"""What watches the server asks: is it alive, is it ready, how much did it do. Nothing secret, nobody asked outside."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Scope

from model_lineup.errors import MethodNotAllowed, NotSignedIn, SetupPending
from model_lineup.metrics import Metrics
from model_lineup.shell.answer import Answer
from model_lineup.shell.requests import header

PROBES = ("/livez", "/health", "/readyz", "/metrics")
WITHOUT_SETUP = ("/livez", "/health", "/readyz", "/admin/setup", "/api/setup")
READINESS_S = 3.0
FILES_OF_PAGES = "/admin/static/"


@dataclass(frozen=True, slots=True)
class Probes:
    """What the shell asks: whether anybody is set up, whether the databases answer, who may read the metrics. `notes`:
    what else `/readyz` tells, and readiness does not hang on."""

    is_set_up: Callable[[], bool]
    readiness: Callable[[], dict[str, str]]
    may_read_metrics: Callable[[str], bool]
    notes: Callable[[], dict[str, str]] = dict


class Watch:
    """Answers the probes, and keeps everybody else out until somebody has set Lineup up."""

    def __init__(self, probes: Probes, metrics: Metrics) -> None:
        self._probes = probes
        self._metrics = metrics
        self._set_up = False
        self._asked: asyncio.Task[dict[str, str]] | None = None
        self.stopping = False

    @property
    def is_open(self) -> bool:
        """Known to be set up, and not about to end."""
        return self._set_up and not self.stopping

    async def answer(self, scope: Scope, answer: Answer) -> None:
        """One of `PROBES`. Raises MethodNotAllowed, SetupPending, NotSignedIn."""
        path: str = scope["path"]
        _refuse_other_methods(scope)
        if path == "/metrics":
            await self.refuse_before_setup(path)
            await self._show_metrics(scope, answer)
        elif path == "/readyz":
            await self._readyz(answer)
        else:
            await answer.json(200, {"status": "ok"})

    async def refuse_before_setup(self, path: str) -> None:
        """Raises SetupPending."""
        if path in WITHOUT_SETUP or path.startswith(FILES_OF_PAGES):
            return
        if not await self._is_set_up():
            raise SetupPending(
                "Lineup has no administrator yet. Open the set-up link that its start printed, "
                "or run `lineup create-admin`."
            )

    async def _is_set_up(self) -> bool:
        if not self._set_up:
            self._set_up = await asyncio.to_thread(self._probes.is_set_up)
        return self._set_up

    async def _readyz(self, answer: Answer) -> None:
        checks = {} if self.stopping else await self._readiness()
        ready = bool(checks) and all(state == "ok" for state in checks.values()) and await self._is_set_up()
        await answer.json(200 if ready else 503, {"status": "ready" if ready else "not ready", **self._probes.notes()})

    async def _readiness(self) -> dict[str, str]:
        """Asked once at a time: a database that does not answer keeps one thread, however often it is asked for."""
        asked = self._asked
        if asked is None or asked.done():
            asked = self._asked = asyncio.create_task(asyncio.to_thread(self._probes.readiness))
        done, _ = await asyncio.wait({asked}, timeout=READINESS_S)
        return asked.result() if done else {"database": "no answer"}  # somebody may have asked anew by now

    async def _show_metrics(self, scope: Scope, answer: Answer) -> None:
        token = header(scope, b"authorization").removeprefix(b"Bearer ").decode("latin-1")
        if not await asyncio.to_thread(self._probes.may_read_metrics, token):
            raise NotSignedIn("Metrics need an admin key, or the token of LINEUP_METRICS_TOKEN.")
        await answer.plain(
            200, await asyncio.to_thread(self._metrics.exposition), b"text/plain; version=0.0.4; charset=utf-8"
        )


def _refuse_other_methods(scope: Scope) -> None:
    if scope["method"] not in ("GET", "HEAD"):
        raise MethodNotAllowed(f"{scope['path']} is read with GET.", allow=["GET", "HEAD"])
