"""What the measuring process says of itself, and when it calls itself saturated."""

import asyncio
import time

import pytest

from model_lineup.benchmarks.measurer import Measurer, Reason, SelfWatch, why_saturated
from model_lineup.clock import tick
from model_lineup.upstream.wire import Receipts


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        ((None, None, None), ()),
        ((10.0, 0.95, 10.0), ()),
        ((10.1, 0.1, None), ("lag",)),
        ((1.0, 0.96, None), ("cpu",)),
        ((1.0, None, 10.1), ("sending",)),
        ((11.0, 0.99, 11.0), ("lag", "cpu", "sending")),
    ],
)
def test_each_limit_that_is_exceeded_is_a_reason(
    facts: tuple[float | None, float | None, float | None], reasons: tuple[Reason, ...]
) -> None:
    lag, share, late = facts
    assert why_saturated(lag_ms_p99=lag, cpu_share=share, late_ms_p99=late) == reasons


@pytest.mark.parametrize(
    ("by_kernel", "by_process", "stamps"),
    [(0, 0, "process"), (0, 5, "process"), (5, 0, "kernel"), (100, 1, "kernel"), (100, 2, "mixed"), (1, 99, "mixed")],
)
def test_who_stamped_is_told_by_what_was_read(by_kernel: int, by_process: int, stamps: str) -> None:
    assert Measurer(kernel_stamped=by_kernel, process_stamped=by_process).stamps == stamps


def test_the_lag_of_reads_counts_where_the_kernel_stamped_them() -> None:
    receipts = Receipts(kernel=False)
    watch = SelfWatch(receipts)
    receipts._note(9.0)
    watch.begin()  # what went before is forgotten
    for number in range(1, 101):
        receipts._note(number / 1000)
    account = watch.account(late_ms_p99=None, closed_loop=True, start_up_s=0.2)
    assert (account.lag_ms.p50, account.lag_ms.p99, account.lag_ms.max, account.lag_ms.n) == (50, 99, 100, 100)
    assert (account.saturated, account.reasons) == (True, ("lag",))
    assert (account.kernel_stamped, account.start_up_s) == (100, 0.2)


def test_a_busy_closed_loop_is_saturated_and_a_busy_open_loop_is_judged_by_its_sending() -> None:
    watch = SelfWatch(None)
    began, used_s = tick(), time.process_time()
    watch.begin()
    while tick() < began + 0.21 or time.process_time() < used_s + 0.1:
        pass
    account = watch.account(late_ms_p99=None, closed_loop=True, start_up_s=None)
    assert account.cpu_s is not None
    assert account.cpu_s >= 0.1
    assert account.cpu_share is not None
    assert 0.09 / (tick() - began) <= account.cpu_share <= 1.1, "however little of the processor it got"
    assert "cpu" not in watch.account(late_ms_p99=11.0, closed_loop=False, start_up_s=None).reasons


def test_without_stamps_a_timer_tells_how_late_the_loop_is() -> None:
    async def main() -> Measurer:
        watch = SelfWatch(None)
        ringing = asyncio.create_task(watch.run())
        await asyncio.sleep(0.03)
        until = tick() + 0.06
        while tick() < until:
            pass
        await asyncio.sleep(0.03)
        ringing.cancel()
        return watch.account(late_ms_p99=None, closed_loop=True, start_up_s=None)

    account = asyncio.run(main())
    assert account.lag_ms.max is not None
    assert account.lag_ms.max >= 35
    assert "lag" in account.reasons
