"""Lineup's own measuring, as the product does it: in a child process, through `run_in_child`."""

import asyncio
import resource
import time
from typing import Any

from bench.truth.cases import Case, spread, truth_of
from bench.truth.provider import on_the_other_core, paced_upstream, records_of, tls_options
from model_lineup import __version__
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.protocol import ChildEvent
from model_lineup.benchmarks.runner import run_in_child
from model_lineup.benchmarks.sample import Sample
from model_lineup.upstream.contract import Endpoint, Target


def measure_ours(case: Case, *, kernel_stamps: bool) -> dict[str, Any]:
    """What `Part` wants to know."""
    samples: list[Sample] = []

    def keep(event: ChildEvent) -> None:
        if isinstance(event, Sample) and not event.warmup:
            samples.append(event)

    plan = Plan(case.requests, case.streams, max_tokens=100, warmup=min(case.streams, 100), time_limit_s=120)
    with (
        tls_options(case.tls) as (options, authority),
        paced_upstream([*case.options, *options]) as base_url,
        on_the_other_core(),
    ):
        endpoint = Endpoint("openai", f"{base_url}/v1", network_scope="loopback", ca_bundle=authority)
        target = Target(endpoint, "paced-echo")
        began_at, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        running = run_in_child(plan, target, on_event=keep, cancel=asyncio.Event(), kernel_stamps=kernel_stamps)
        outcome = asyncio.run(running)
        after, ended_at = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        records = records_of(base_url, authority)
    if len(samples) != case.requests or outcome.report.failed:
        return {"version": __version__, "failure": f"{outcome.state}: {outcome.message} {outcome.report.errors}"}
    measurer = outcome.report.environment.measurer
    itl = spread([gap for sample in samples for gap in sample.itl_ms])
    return {
        "version": __version__,
        **truth_of(records[-case.requests :]),
        "measured": {"ttft": spread([sample.ttft_ms for sample in samples if sample.ttft_ms]), "itl": itl, "gap": itl},
        "start_up_s": records[0]["came_at"] - began_at,
        "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "wall_s": ended_at - began_at,
        "saturated": outcome.report.saturated,
        "lag_ms_p99": measurer.lag_ms.p99,
    }
