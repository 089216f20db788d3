"""A measured run in a real child process: it tells the truth, it stops when told, and it never stays behind."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
import psutil
import pytest

from model_lineup.benchmarks import runner
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.protocol import ChildEvent, ChildOutcome, Finished, Order, Started, encode
from model_lineup.benchmarks.runner import run_in_child
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.statistics import percentile
from model_lineup.upstream.contract import Endpoint, Target
from tests.fakes.counts import patient
from tests.fakes.paced import Paced, paced
from tests.fakes.provider import fake_provider, reply

KEY = "canary-key-1234"


@pytest.fixture(scope="module")
def provider() -> Iterator[Paced]:
    with paced("--ttft-ms", "20", "--gap-ms", "2", "--tokens", "12", "--early-role-chunk") as running:
        yield running


def target_of(base_url: str) -> Target:
    return Target(Endpoint("openai", base_url, api_key=KEY, network_scope="loopback"), "paced-echo")


def run(
    plan: Plan,
    base_url: str,
    *,
    hear: Callable[[ChildEvent, asyncio.Event], None] = lambda *_: None,
    kernel_stamps: bool = True,
) -> tuple[ChildOutcome, list[ChildEvent]]:
    """`hear` is told each event and may set the cancel."""
    events: list[ChildEvent] = []

    async def main() -> ChildOutcome:
        cancel = asyncio.Event()

        def on_event(event: ChildEvent) -> None:
            events.append(event)
            hear(event, cancel)

        target = target_of(base_url)
        return await run_in_child(plan, target, on_event=on_event, cancel=cancel, kernel_stamps=kernel_stamps)

    outcome = asyncio.run(main())
    assert KEY.encode() not in msgspec.json.encode([outcome, events])
    assert measuring_processes() == []
    return outcome, events


def measuring_processes() -> list[Any]:
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if "model_lineup.benchmarks.child" in process.cmdline():
                found.append(process)
    return found


def test_a_run_measures_what_was_sent(provider: Paced) -> None:
    provider.forget()
    outcome, events = run(Plan(requests=10, concurrency=2, max_tokens=12, warmup=2), provider.base_url)
    report = outcome.report
    assert (outcome.state, outcome.error, report.stopped) == ("completed", None, None)
    assert (report.requests, report.succeeded, report.failed, report.warmup.requests) == (10, 10, 0, 2)
    assert (report.token_source, report.usage.completion_tokens) == ("usage", 120)
    assert report.itl_ms.n == 110
    sent = provider.stats()[2:]
    assert len(sent) == 10
    truth = percentile(sorted(record["ttft_ms"] for record in sent), 50)
    assert report.ttft_ms.p50 == pytest.approx(truth, abs=10)  # the early role chunk did not count
    assert report.environment.model_id == "paced-echo"
    assert report.plan.seed is not None
    assert [type(event) for event in events[:1] + events[-1:]] == [Started, Finished]
    assert sorted(event.number for event in events if isinstance(event, Sample)) == list(range(-2, 10))


@pytest.mark.parametrize("kernel_stamps", [True, False])
def test_the_report_says_who_stamped_and_what_measuring_cost(provider: Paced, kernel_stamps: bool) -> None:
    plan = Plan(requests=4, concurrency=4, max_tokens=12, warmup=0)
    outcome, _ = run(plan, provider.base_url, kernel_stamps=kernel_stamps)
    environment, measurer = outcome.report.environment, outcome.report.environment.measurer
    assert environment.stamps == ("kernel" if kernel_stamps and sys.platform == "linux" else "process")
    assert environment.clock
    assert (measurer.kernel_stamped > 0) == (environment.stamps == "kernel")
    assert measurer.lag_ms.n > 0
    assert measurer.cpu_s is not None
    assert 0 < measurer.cpu_s < 10
    assert measurer.start_up_s is not None
    assert 0 < measurer.start_up_s < 10
    assert measurer.clock_steps == 0
    assert outcome.report.saturated == measurer.saturated
    assert environment.connections_opened == 4  # opened ahead, one for each request under way


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps what it receives")
def test_a_starved_measurer_says_so_and_yet_measures_what_was_sent() -> None:
    """Held back for 40 of every 50 ms: its own stamps would be up to 40 ms late."""
    with paced("--ttft-ms", "100", "--gap-ms", "30", "--tokens", "10") as steady:
        started: list[Any] = []

        def note(event: ChildEvent, _: asyncio.Event) -> None:
            if isinstance(event, Started):
                started.extend(measuring_processes())
                threading.Thread(target=starve, args=(started[0],), daemon=True).start()

        outcome, _ = run(Plan(requests=24, concurrency=8, max_tokens=10, warmup=8), steady.base_url, hear=note)
        sent = steady.stats()[8:]
    measurer = outcome.report.environment.measurer
    assert outcome.report.saturated
    assert measurer.reasons == ("lag",)
    assert measurer.lag_ms.p99 is not None
    assert measurer.lag_ms.p99 > 20
    truth = percentile(sorted(record["ttft_ms"] for record in sent), 50)
    assert outcome.report.ttft_ms.p50 == pytest.approx(truth, abs=10)


def starve(process: Any) -> None:
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.04)
            process.send_signal(signal.SIGCONT)
            time.sleep(0.01)


def test_open_loop(provider: Paced) -> None:
    outcome, _ = run(Plan(requests=5, rate=50.0, max_tokens=2, warmup=0), provider.base_url)
    assert (outcome.report.mode, outcome.report.succeeded, outcome.report.late_ms.n) == ("open_loop", 5, 5)


def test_a_cancel_ends_the_run_with_what_it_has(provider: Paced) -> None:
    def cancel_after_the_first(event: ChildEvent, cancel: asyncio.Event) -> None:
        if isinstance(event, Sample):
            cancel.set()

    started = time.monotonic()
    outcome, _ = run(Plan(requests=10_000, max_tokens=12, warmup=0), provider.base_url, hear=cancel_after_the_first)
    assert time.monotonic() - started < patient(5)
    assert (outcome.state, outcome.report.stopped) == ("cancelled", "cancelled")
    assert outcome.report.succeeded >= 1
    assert (outcome.report.environment.model_id, outcome.report.plan.seed is None) == ("paced-echo", False)


def test_the_time_limit_is_hard() -> None:
    with paced("--fault", "hang") as hanging:
        outcome, _ = run(Plan(requests=3, warmup=0, time_limit_s=1.0), hanging.base_url)
    assert (outcome.state, outcome.report.stopped, outcome.report.unfinished) == ("completed", "time_limit", 1)


@pytest.mark.parametrize(("fault", "error"), [("unauthorized", "auth"), ("quota", "quota"), ("server_error", "errors")])
def test_a_provider_that_refuses_ends_the_run(fault: str, error: str) -> None:
    with paced("--fault", fault) as refusing:
        outcome, _ = run(Plan(requests=50, warmup=0), refusing.base_url)
    assert (outcome.state, outcome.error, outcome.report.stopped) == ("failed", error, error)
    assert outcome.message
    assert outcome.report.succeeded == 0


def test_cut_streams_are_failures() -> None:
    with paced("--fault", "cut", "--ttft-ms", "1", "--gap-ms", "1", "--tokens", "3") as cutting:
        outcome, _ = run(Plan(requests=4, warmup=0), cutting.base_url)
    assert outcome.state == "completed"
    assert outcome.report.errors == {"truncated": 4}
    assert outcome.report.ttft_ms.n == 0


def test_the_key_goes_to_the_provider_and_into_no_argument_or_environment(provider: Paced) -> None:
    seen: list[str] = []

    def look(event: ChildEvent, _: asyncio.Event) -> None:
        if isinstance(event, Started):
            seen.extend(str([process.cmdline(), process.environ()]) for process in measuring_processes())

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINEUP_CANARY", KEY)
        run(Plan(requests=3, warmup=0), provider.base_url, hear=look)
    assert seen
    assert KEY not in "".join(seen)
    with fake_provider() as fake:
        fake.answer("/chat/completions", reply({"error": {"message": f"bad {KEY}"}}, status=401))
        outcome, _ = run(Plan(requests=1, warmup=0), fake.base_url)
        assert fake.requests[0].header("authorization") == f"Bearer {KEY}"
        assert outcome.message == "bad ***"


def test_a_killed_child_is_a_failed_run_with_a_partial_report(provider: Paced) -> None:
    def kill(event: ChildEvent, _: asyncio.Event) -> None:
        if isinstance(event, Sample) and event.number == 0:
            for process in measuring_processes():
                process.kill()

    outcome, _ = run(Plan(requests=10_000, warmup=0), provider.base_url, hear=kill)
    assert (outcome.state, outcome.error) == ("failed", "child_crashed")
    report = outcome.report
    assert report.succeeded >= 1
    assert (report.stopped, report.environment.model_id) == ("interrupted", "paced-echo")
    assert report.plan.seed is not None


def test_a_child_that_hangs_is_killed(provider: Paced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_START_AND_END_S", 0.5)

    def freeze(event: ChildEvent, _: asyncio.Event) -> None:
        if isinstance(event, Started):
            for process in measuring_processes():
                process.send_signal(signal.SIGSTOP)

    outcome, _ = run(Plan(requests=10_000, warmup=0, time_limit_s=1.0), provider.base_url, hear=freeze)
    assert (outcome.state, outcome.error) == ("failed", "child_hung")


def test_what_the_listener_raises_comes_through_and_ends_the_child(provider: Paced) -> None:
    def fail(event: ChildEvent, _: asyncio.Event) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(Plan(requests=10_000, warmup=0), provider.base_url, hear=fail)
    assert measuring_processes() == []


def test_cancelling_the_caller_ends_the_child(provider: Paced) -> None:
    async def main() -> None:
        started = asyncio.Event()
        run = run_in_child(
            Plan(requests=10_000),
            target_of(provider.base_url),
            on_event=lambda _: started.set(),
            cancel=asyncio.Event(),
        )
        task = asyncio.create_task(run)
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert measuring_processes() == []


def start_child_alone(plan: Plan, base_url: str, **options: Any) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", "-m", "model_lineup.benchmarks.child"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
    assert process.stdin is not None
    process.stdin.write(encode(Order(plan, target_of(base_url))) + b"\n")
    process.stdin.flush()
    return process


def test_a_child_ends_at_once_when_its_parent_is_gone(provider: Paced) -> None:
    with start_child_alone(Plan(requests=10_000), provider.base_url) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert b'"started"' in process.stdout.readline()
        process.stdin.close()
        last = process.stdout.read().splitlines()[-1]
        assert process.wait(3) == 0
    assert msgspec.json.decode(last)["report"]["stopped"] == "cancelled"


def test_a_child_ends_though_nobody_reads_what_it_says(provider: Paced) -> None:
    with start_child_alone(Plan(requests=10_000, time_limit_s=1.0), provider.base_url) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        process.stdin.close()
        assert process.wait(5) == 0


def test_the_child_starts_fast_because_it_imports_little() -> None:
    script = "import sys, model_lineup.benchmarks.child; print(' '.join(sys.modules))"
    modules = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.split()
    heavy = {"sqlalchemy", "fastapi", "starlette", "pydantic", "cryptography", "alembic", "rich", "typer", "uvicorn"}
    assert heavy.isdisjoint(modules)


def test_no_zombie_is_left() -> None:
    assert [p for p in psutil.Process(os.getpid()).children() if p.status() == psutil.STATUS_ZOMBIE] == []
