"""What the measuring process knows of itself: how late it was, what it cost, and whether its figures can be trusted.

Late means: bytes had come to this machine and were not read yet. Where the kernel stamps receipts that is known for
each read, and the stamps are right although the reading was late; elsewhere a timer that rings every 20 ms tells how
late the loop is, and every time in the report may be too long by as much.
"""

import asyncio
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from model_lineup.benchmarks.statistics import percentile
from model_lineup.clock import cpu, tick
from model_lineup.upstream.wire import Receipts

LAG_LIMIT_MS = 10.0
"""p99. Tokens come 5 to 30 ms apart, so that a reader later than this meets two at once and cannot tell them apart."""
CPU_LIMIT = 0.95
"""Share of one core, closed loop. Above it the next request waits for us, and the throughput is ours."""
_PROBE_EVERY_S = 0.02
_LEAST_FOR_SHARE_S = 0.2

Stamps = Literal["kernel", "process", "mixed"]
Reason = Literal["lag", "cpu", "sending"]


class Lag(Struct, frozen=True):
    """Milliseconds from the arrival of bytes to their being read; `n` values, `null` for none."""

    p50: float | None = None
    p99: float | None = None
    max: float | None = None
    n: int = 0


class Measurer(Struct, frozen=True):
    """The measuring process about itself.

    `saturated`: it could not keep up, for these `reasons`: `lag` (p99 over 10 ms), `cpu` (over 95 % of a core in a
    closed loop), `sending` (open loop, p99 of `late_ms` over 10 ms). `cpu_s`: CPU of the whole process, its start
    included; `cpu_share`: of one core, while it measured, `null` below 0.2 s. `start_up_s`: from the decision to start
    the process to its first request, connecting included.
    `kernel_stamped`: reads that the kernel stamped; `process_stamped`: reads whose stamp is the moment of reading.
    `clock_steps`: how often the wall clock was set meanwhile; the reads concerned were stamped by the process.
    """

    saturated: bool = False
    reasons: tuple[Reason, ...] = ()
    lag_ms: Lag = Lag()
    cpu_s: float | None = None
    cpu_share: float | None = None
    start_up_s: float | None = None
    kernel_stamped: int = 0
    process_stamped: int = 0
    clock_steps: int = 0

    @property
    def stamps(self) -> Stamps:
        """Who stamped: `mixed` when the kernel did not for more than one read of a hundred."""
        if self.process_stamped == 0:
            return "kernel" if self.kernel_stamped else "process"
        if not self.kernel_stamped:
            return "process"
        return "kernel" if self.process_stamped * 100 <= self.kernel_stamped else "mixed"


class SelfWatch:
    """Collects what a `Measurer` tells; one per run, begun when measuring begins."""

    def __init__(self, receipts: Receipts | None) -> None:
        self._receipts = receipts
        self._timer_lags: list[float] = []
        self._began_at = tick()
        self._cpu_before = cpu()

    def begin(self) -> None:
        """From now on it counts: what went before, warm-up mostly, is forgotten."""
        if self._receipts is not None:
            self._receipts.forget()
        self._timer_lags.clear()
        self._began_at = tick()
        self._cpu_before = cpu()

    async def run(self) -> None:
        """Rings a timer until cancelled."""
        while True:
            due_at = tick() + _PROBE_EVERY_S
            await asyncio.sleep(_PROBE_EVERY_S)
            self._timer_lags.append(max(tick() - due_at, 0.0))

    @property
    def timer_lag_ms_p99(self) -> float | None:
        return _lag(self._timer_lags).p99

    def account(self, *, late_ms_p99: float | None, closed_loop: bool, start_up_s: float | None) -> Measurer:
        """What there is to say. `late_ms_p99`: open loop, of the sending."""
        receipts, cpu_s = self._receipts, cpu()
        elapsed_s = tick() - self._began_at
        by_kernel = receipts.by_kernel if receipts else 0
        lag = _lag(receipts.lags_s, receipts.longest_lag_s) if receipts and by_kernel else _lag(self._timer_lags)
        share = (cpu_s - self._cpu_before) / elapsed_s if elapsed_s >= _LEAST_FOR_SHARE_S else None
        reasons = why_saturated(lag_ms_p99=lag.p99, cpu_share=share if closed_loop else None, late_ms_p99=late_ms_p99)
        return Measurer(
            saturated=bool(reasons),
            reasons=reasons,
            lag_ms=lag,
            cpu_s=cpu_s,
            cpu_share=share,
            start_up_s=start_up_s,
            kernel_stamped=by_kernel,
            process_stamped=receipts.by_reading if receipts else 0,
            clock_steps=receipts.clock.steps if receipts else 0,
        )


def why_saturated(
    *, lag_ms_p99: float | None, cpu_share: float | None, late_ms_p99: float | None
) -> tuple[Reason, ...]:
    """The limits; what is unknown exceeds none."""
    exceeded: list[tuple[Reason, float | None, float]] = [
        ("lag", lag_ms_p99, LAG_LIMIT_MS),
        ("cpu", cpu_share, CPU_LIMIT),
        ("sending", late_ms_p99, LAG_LIMIT_MS),
    ]
    return tuple(reason for reason, value, limit in exceeded if value is not None and value > limit)


def _lag(lags_s: Sequence[float], longest_s: float | None = None) -> Lag:
    if not lags_s:
        return Lag()
    ranked = sorted(lags_s)
    longest = ranked[-1] if longest_s is None else longest_s
    return Lag(percentile(ranked, 50) * 1000, percentile(ranked, 99) * 1000, longest * 1000, len(ranked))
