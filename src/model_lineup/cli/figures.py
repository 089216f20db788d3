"""A benchmark's report as a table: per figure mean, percentiles, extremes and how many values they come from."""

from typing import Any

from model_lineup.cli import show
from model_lineup.cli.following import wanted_of

FIGURES = (
    ("response_time_ms", "response time, ms"),
    ("ttft_ms", "time to first token, ms"),
    ("itl_ms", "gap between tokens, ms"),
    ("tpot_ms", "time per output token, ms"),
    ("output_tokens_per_s", "output tokens/s"),
    ("late_ms", "sent late, ms"),
)
PARTS = ("mean", "p50", "p90", "p95", "p99", "max", "n")
SURE = ("mean", "p50", "p90", "p95", "p99")
STOPPED = {
    "time_limit": "The time limit ended it early.",
    "token_limit": "The token limit ended it early.",  # nosec B105
    "cancelled": "It was cancelled.",
    "auth": "The provider refused the key.",
    "quota": "The provider's quota was used up.",
    "errors": "Too many requests failed.",
}
COUNTED = {
    "usage": "as the provider counted them",
    "estimated": "estimated from events, because the provider counted none",
    "mixed": "partly estimated from events",
    "none": "not known",
}

STAMPED = {
    "kernel": "Every arrival stamped by the kernel",
    "process": "Every arrival stamped when it was read",
    "mixed": "Arrivals stamped by the kernel, some when they were read",
}
SATURATED = {
    "lag": "it read late",
    "cpu": "it used its whole core",
    "sending": "it sent late",
}


def tell_report(report: dict[str, Any]) -> None:
    """The figures, then what they rest on."""
    rows = [(name, report[field]) for field, name in FIGURES if report[field]["n"]]
    if rows:
        show.table([[name, *(figures[part] for part in PARTS)] for name, figures in rows], ["", *PARTS])
        _tell_intervals(rows)
    show.line(_requests(report))
    through = report["throughput"]
    if through["requests_per_s"] is not None:
        show.line(
            f"Throughput: {show.number(through['requests_per_s'])} requests/s, "
            f"{show.number(through['output_tokens_per_s'])} output tokens/s, "
            f"{show.number(through['total_tokens_per_s'])} tokens/s with the prompts."
        )
        show.line(_tokens(report))
        _tell_measurer(report["environment"])
    _tell_more(report)
    _tell_reservations(report)


def _tell_more(report: dict[str, Any]) -> None:
    """What only some plans and models have; reports of earlier versions have none of it."""
    cold, goodput, cost, sweep = (report.get(name) for name in ("cold", "goodput", "cost", "sweep"))
    if cold and cold["requests"]:
        show.line(
            f"Cold: {cold['succeeded']} of {cold['requests']} succeeded, connected in "
            f"{show.number(cold['connect_ms']['p50'], ' ms')}, first token after "
            f"{show.number(cold['ttft_ms']['p50'], ' ms')} (p50, connecting included)."
        )
    if goodput and goodput["share"] is not None:
        low, high = goodput["interval"]
        each_s = goodput["requests_per_s"]
        rate = "" if each_s is None else f", {show.number(each_s)} a second"
        show.line(
            f"Goodput: {goodput['share']:.1%} of the requests met the objectives ({low:.1%} to {high:.1%}){rate}."
        )
    if cost:
        show.line(f"Cost: {cost['total']:.6f} {cost['currency']}, {cost['per_request']:.6f} a request.")
    if sweep:
        _tell_sweep(sweep)


def _tell_sweep(sweep: dict[str, Any]) -> None:
    names = ["at a time" if sweep["by"] == "concurrency" else "offered/s", "succeeded", "requests/s", "tokens/s"]
    rows = [
        [
            f"{step['load']:g}",
            f"{step['succeeded']}/{step['requests']}",
            step["requests_per_s"],
            step["output_tokens_per_s"],
            *(step[figure]["p50"] for figure in ("ttft_ms", "response_time_ms")),
        ]
        for step in sweep["steps"]
    ]
    show.table(rows, [*names, "TTFT p50, ms", "response p50, ms"])
    knee = "" if sweep["knee"] is None else f"The knee is at {sweep['knee']:g}: "
    show.line(f"{knee}{sweep['criterion']}", style="bold")


def _tell_intervals(rows: list[tuple[str, dict[str, Any]]]) -> None:
    """How sure the figures are, where that can be said; reports of earlier versions do not know."""
    told = [(name, figures.get("intervals") or {}) for name, figures in rows]
    known = [(name, found) for name, found in told if any(found.values())]
    if known:
        show.line("95 % intervals:")
        show.table([[name, *(_bounds(found[part]) for part in SURE)] for name, found in known], ["", *SURE])


def _bounds(found: list[float] | None) -> str | None:
    return f"{show.number(found[0])} to {show.number(found[1])}" if found else None


def _requests(report: dict[str, Any]) -> str:
    plan = report["plan"]
    how = f"{plan['rate']:g} a second" if plan["rate"] else f"{plan['concurrency']} at a time"
    wanted, how = (wanted_of(plan), "in steps") if plan.get("sweep") else (plan["requests"], how)
    failed = f", {report['failed']} failed ({show.cell(report['errors'])})" if report["failed"] else ""
    cut = f", {report['unfinished']} cut off" if report["unfinished"] else ""
    warm = f", after {report['warmup']['requests']} to warm up" if report["warmup"]["requests"] else ""
    took = show.number(report["duration_s"], " s")
    return f"Requests: {report['succeeded']} of {wanted} succeeded{failed}{cut}; {how}, in {took}{warm}."


def _tokens(report: dict[str, Any]) -> str:
    used = report["usage"]
    cached = f", {used['cached_tokens']} of them from a cache" if used["cached_tokens"] else ""
    read, written = show.cell(used["prompt_tokens"]), show.cell(used["completion_tokens"])
    source = COUNTED.get(report["token_source"], report["token_source"])
    return f"Tokens: {read} read{cached}, {written} written; {source}."


def _tell_measurer(environment: dict[str, Any]) -> None:
    """Who stamped, how late it read, what it cost; reports of earlier versions do not know."""
    measurer = environment.get("measurer")
    if measurer is None:
        return
    lag = (
        f", read {show.number(measurer['lag_ms']['p99'], ' ms')} later at p99"
        if environment["stamps"] != "process"
        else ""
    )
    cpu = f", with {show.number(measurer['cpu_s'], ' s')} of CPU"
    show.line(f"{STAMPED[environment['stamps']]}{lag}{cpu}.")


def _tell_reservations(report: dict[str, Any]) -> None:
    """What keeps the figures from saying more."""
    if report["stopped"]:
        show.line(STOPPED.get(report["stopped"], report["stopped"]), style="yellow")
    if report["saturated"]:
        why = [SATURATED[reason] for reason in report["environment"].get("measurer", {}).get("reasons", [])]
        said = f" ({', '.join(why)})" if why else ""
        show.line(f"This machine was too busy to measure well{said}: take the times as upper bounds.", style="yellow")
    n = report["response_time_ms"]["n"]
    if 0 < n < 20:
        show.note(f"p95 needs 20 requests and p99 needs 100; there were {n}.")
