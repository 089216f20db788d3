"""Where a run was measured, and what answered it: what somebody needs who compares two reports."""

import hashlib
import os
import platform
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from model_lineup import __version__
from model_lineup.benchmarks.measurer import Measurer
from model_lineup.clock import CLOCK_NAME
from model_lineup.upstream.contract import Target


class Environment(Struct, frozen=True):
    """What measured, and what was measured.

    `stamps`: who stamped what was received: the `kernel` on arrival, the `process` when it read, or both (`mixed`).
    `clock`: what all times are differences on. `loop_lag_ms_p99`: how late the measurer's own timers ran.
    `target`: changes when the kind, address or API version of the provider does; it tells none of them.
    """

    lineup: str = ""
    python: str = ""
    platform: str = ""
    cpus: int = 0
    event_loop: str = ""
    kind: str = ""
    model_id: str = ""
    answered_models: tuple[str, ...] = ()
    connections_opened: int = 0
    loop_lag_ms_p99: float | None = None
    clock: str = ""
    stamps: str = ""
    measurer: Measurer = Measurer()
    target: str = ""

    @classmethod
    def here(cls, target: Target, event_loop: str) -> "Environment":
        """What is known before the first request."""
        return cls(
            lineup=__version__,
            python=platform.python_version(),
            platform=f"{platform.system()} {platform.machine()}",
            cpus=os.cpu_count() or 0,
            event_loop=event_loop,
            kind=target.endpoint.kind,
            model_id=target.model_id,
            clock=CLOCK_NAME,
            target=_fingerprint(target),
        )

    def with_answers(self, *, answered_models: Iterable[str], connections_opened: int) -> "Environment":
        """And what the answers told."""
        return replace(self, answered_models=tuple(sorted(answered_models)), connections_opened=connections_opened)


def _fingerprint(target: Target) -> str:
    """Of what decides where a request goes and how it is written; the key is not part of it."""
    endpoint = target.endpoint
    said = (endpoint.kind, endpoint.base_url, endpoint.api_version, target.model_id)
    return hashlib.sha256("\0".join(map(str, said)).encode()).hexdigest()[:16]
