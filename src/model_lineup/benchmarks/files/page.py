"""A run's report as one HTML page: figures with their intervals, plots, plan and surroundings, and a verdict."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import msgspec

from model_lineup.benchmarks.comparison import Comparison, label
from model_lineup.benchmarks.files.plots import Line, Span, plot, shares, spans
from model_lineup.benchmarks.files.style import STYLE
from model_lineup.benchmarks.judging.questions import Judged
from model_lineup.benchmarks.records import Run
from model_lineup.benchmarks.report import Report
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.statistics import Summary
from model_lineup.benchmarks.sweep import Swept

FIGURES = {
    "ttft_ms": "Time to first token, ms",
    "response_time_ms": "Response time, ms",
    "itl_ms": "Gap between tokens, ms",
    "tpot_ms": "Time per output token, ms",
    "output_tokens_per_s": "Output tokens/s of a request",
    "late_ms": "Sent late, ms",
}
PARTS = ("mean", "p50", "p90", "p95", "p99")
_CONTENT = "default-src 'none'; style-src 'unsafe-inline'"


def page(run: Run, report: Report, samples: Sequence[Sample], comparison: Comparison | None = None) -> str:
    """The whole document. `samples`: as many as are to be drawn, warm-up included; `comparison`: with the baseline."""
    title = f"Run {run.id}: {run.model_id}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>At {escape(run.provider)}, {escape(run.state)}, begun {run.created_at:%Y-%m-%d %H:%M:%S} UTC"
        f" by {escape(run.actor)}.</p>",
        *_reservations(run, report),
        _verdict(comparison) if comparison else "",
        _sweep(report.sweep) if report.sweep else "",
        _figures(report),
        *_plots(report, samples),
        _facts("Requests and tokens", _counts(report)),
        _facts("Plan", _flat(msgspec.to_builtins(report.plan))),
        _facts("Measured by", _flat(msgspec.to_builtins(report.environment))),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_CONTENT}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _reservations(run: Run, report: Report) -> Iterable[str]:
    if run.message:
        yield f'<p class="warn">{escape(run.error or "")} {escape(run.message)}</p>'
    if report.stopped:
        yield f'<p class="warn">It ended early: {escape(report.stopped)}.</p>'
    if report.saturated:
        yield '<p class="warn">The machine that measured could not keep up: take all times as upper bounds.</p>'
    if report.interleaved_with:
        yield f"<p>Measured in turns with run {report.interleaved_with}, so that neither has a throughput.</p>"


def _figures(report: Report) -> str:
    rows = []
    for name, told in FIGURES.items():
        found: Summary = getattr(report, name)
        if found.n:
            cells = "".join(f"<td>{_number(getattr(found, part))}{_bounds(found, part)}</td>" for part in PARTS)
            rows.append(f'<tr><th scope="row">{told}</th><td>{found.n}</td>{cells}<td>{_number(found.max)}</td></tr>')
    head = "".join(f'<th scope="col">{name}</th>' for name in ("", "n", *PARTS, "max"))
    return (
        f'<h2>Figures</h2><p class="dim">In small print the 95 % interval, where so many values allow one.</p>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _bounds(found: Summary, part: str) -> str:
    bounds = getattr(found.intervals, part, None)
    return f"<small>{_number(bounds[0])} to {_number(bounds[1])}</small>" if bounds else ""


def _plots(report: Report, samples: Sequence[Sample]) -> Iterable[str]:
    good = [sample for sample in samples if sample.succeeded and not sample.warmup]
    first = [sample.ttft_ms for sample in good if sample.ttft_ms is not None]
    whole = [sample.response_time_ms for sample in good if sample.response_time_ms is not None]
    yield "<h2>Plots</h2>"
    yield plot(
        "How many requests were at most so slow",
        [Line("time to first token", shares(first)), Line("response time", shares(whole))],
        x="ms",
        y="% of requests",
    )
    yield plot(
        "Over the run",
        [
            Line("time to first token", [(s.ended_s, s.ttft_ms) for s in good if s.ttft_ms is not None], dots=True),
            Line(
                "response time",
                [(s.ended_s, s.response_time_ms) for s in good if s.response_time_ms is not None],
                dots=True,
            ),
        ],
        x="seconds into the run",
        y="ms",
    )
    gaps = [gap for sample in good for gap in sample.itl_ms]
    if gaps:
        yield plot("Gaps between tokens", [Line("at most so long", shares(gaps))], x="ms", y="% of gaps")


def _answers(found: Swept, load: str) -> str:
    """Nothing of a sweep in turns with another, which has no throughput."""
    points = [(step.load, step.requests_per_s) for step in found.steps if step.requests_per_s is not None]
    return plot("Answers per second", [Line("requests/s", points)], x=load, y="per second") if points else ""


def _sweep(found: Swept) -> str:
    load = "requests at a time" if found.by == "concurrency" else "requests per second, offered"
    rows = "".join(
        f'<tr><th scope="row">{step.load:g}</th><td>{step.succeeded}/{step.requests}</td>'
        f"<td>{_number(step.requests_per_s)}</td><td>{_number(step.output_tokens_per_s)}</td>"
        f"<td>{_number(step.ttft_ms.p50)}</td><td>{_number(step.response_time_ms.p50)}</td>"
        f"<td>{_number(step.response_time_ms.p95)}</td></tr>"
        for step in found.steps
    )
    knee = f"The knee is at {found.knee:g}: " if found.knee is not None else ""
    names = (load, "succeeded", "requests/s", "output tokens/s", "TTFT p50, ms", "response p50, ms", "response p95, ms")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return (
        f"<h2>Sweep</h2><p>{escape(knee + found.criterion)}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        + _answers(found, load)
        + plot(
            "Times",
            [
                Line("response time p50", [(step.load, step.response_time_ms.p50 or 0.0) for step in found.steps]),
                Line("time to first token p50", [(step.load, step.ttft_ms.p50 or 0.0) for step in found.steps]),
            ],
            x=load,
            y="ms",
        )
    )


def _verdict(found: Comparison) -> str:
    rows = "".join(_judged(one) for one in found.metrics)
    heads = ("", f"run {found.base}", f"run {found.other}", "change", "p, adjusted", "finding")
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    notes = "".join(f"<li>{escape(one)}</li>" for one in found.warnings)
    ratios = [
        Span(label(one), one.ratio, *one.interval)
        for one in found.metrics
        if one.ratio is not None and one.interval is not None
    ]
    return (
        f"<h2>Beside run {found.base}</h2><p>{escape(found.sentence)}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"{spans('How many times as long as the base', ratios, x='times the base')}<ul>{notes}</ul>"
    )


def _judged(one: Judged) -> str:
    change = f"{(one.ratio - 1) * 100:+.1f} %" if one.ratio is not None else "–"
    if one.interval is not None:
        change += f"<small>{(one.interval[0] - 1) * 100:+.1f} to {(one.interval[1] - 1) * 100:+.1f} %</small>"
    p = "–" if one.p_adjusted is None else "&lt; 0.0001" if one.p_adjusted < 0.0001 else f"{one.p_adjusted:.3g}"
    return (
        f'<tr><th scope="row">{label(one)}</th><td>{_number(one.base)}</td><td>{_number(one.other)}</td>'
        f"<td>{change}</td><td>{p}</td><td>{one.finding.replace('_', ' ')}</td></tr>"
    )


def _counts(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = {
        "succeeded": f"{report.succeeded} of {report.requests}",
        "errors": ", ".join(f"{code}: {count}" for code, count in report.errors.items()) or "none",
        "unfinished": report.unfinished,
        "lasted": f"{report.duration_s:.1f} s",
        **{f"throughput {name}": value for name, value in msgspec.to_builtins(report.throughput).items()},
        **msgspec.to_builtins(report.usage),
        "tokens counted by": report.token_source,
    }
    if report.goodput and report.goodput.share is not None and report.goodput.interval is not None:
        low, high = report.goodput.interval
        found["met the objectives"] = f"{report.goodput.share:.1%} ({low:.1%} to {high:.1%})"
    if report.cost:
        found["cost"] = f"{report.cost.total:.6f} {report.cost.currency}"
    if report.cold.requests:
        found["cold requests"] = f"{report.cold.succeeded} of {report.cold.requests}"
        found["cold TTFT p50, ms"] = report.cold.ttft_ms.p50
    return found


def _facts(title: str, pairs: dict[str, Any]) -> str:
    rows = "".join(f"<dt>{escape(str(name))}</dt><dd>{escape(_said(value))}</dd>" for name, value in pairs.items())
    return f"<h2>{escape(title)}</h2><dl>{rows}</dl>"


def _flat(value: dict[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, inner in value.items():
        found |= _flat(inner, f"{before}{name}.") if isinstance(inner, dict) else {f"{before}{name}": inner}
    return found


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_said, value)) or "none"
    return "–" if value is None else _number(value) if isinstance(value, float) else str(value)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
