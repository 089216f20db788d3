"""What a worker does at the word of others: ends requests that an administrator wants ended, asks again what works.

Signals come through the database within a second or two (`signals`), also from the command line.
"""

import asyncio
import contextlib

from model_lineup.errors import Unavailable
from model_lineup.gateway.breaker import Breakers
from model_lineup.gateway.failures import Refused
from model_lineup.gateway.resolve import route_of
from model_lineup.gateway.streams import Running, Streams
from model_lineup.routing.follow import Follower
from model_lineup.routing.snapshot import ModelState, Snapshot
from model_lineup.signals.signals import Ear, Signal

_HEARS_EVERY_S = 1.0


class Hearing:
    """One per event loop."""

    def __init__(self, ear: Ear, follower: Follower, streams: Streams, breakers: Breakers) -> None:
        self._ear = ear
        self._follower = follower
        self._streams = streams
        self._breakers = breakers
        self._waiting: list[Signal] = []

    async def run(self) -> None:
        """For ever. While the database is out of reach signals wait in it."""
        while True:
            with contextlib.suppress(Unavailable):
                self._waiting += await asyncio.to_thread(self._ear.hear)
                if self._waiting:
                    snapshot = self._follower.fresh() or await self._follower.newest()
                    self._waiting = [signal for signal in self._waiting if not self._obey(signal, snapshot)]
            await asyncio.sleep(_HEARS_EVERY_S)

    def _obey(self, signal: Signal, snapshot: Snapshot) -> bool:
        """False where the configuration that it speaks of is not here yet."""
        if signal.kind == "recovered":
            row = signal.subject["model"]
            model = snapshot.models.get(row)
            if model is not None:
                self._breakers.forget(model.provider_id, row)
            return True
        if signal.kind == "withdrawn":
            if snapshot.revision < signal.subject["revision"]:
                return False
            end_withdrawn(self._streams, signal, snapshot)
        return True


def end_withdrawn(streams: Streams, signal: Signal, snapshot: Snapshot) -> None:
    """Ends what the signal is about and may not be asked any more; the rest goes on."""
    subject = signal.subject
    models, providers = frozenset(subject["models"]), frozenset(subject["providers"])
    names = frozenset(alias.lower() for alias in subject["aliases"])
    for running in streams.running():
        name, model = _asked(running)
        if name is None or model is None:
            continue
        is_meant = model.id in models or model.provider_id in providers or name.lower() in names
        if is_meant and not still_means(snapshot, name, model, running):
            running.end("withdrawn")


def still_means(snapshot: Snapshot, name: str, model: ModelState, running: Running) -> bool:
    """Whether this request of its caller, as he is now, may be answered by this model under this name."""
    now = snapshot.callers.get(running.caller.token_hash, running.caller)
    try:
        return any(one.id == model.id for one in route_of(snapshot, name, now, running.visit.request_id).models)
    except Refused:
        return False


def _asked(running: Running) -> tuple[str | None, ModelState | None]:
    visit = running.visit
    if visit.route is None:
        return None, None
    return visit.name, visit.route.models[0] if visit.opened is None else visit.opened.model
