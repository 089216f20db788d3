"""Whether two runs may be compared at all, and what else differs between them. Pure.

What a plan asks of the provider must be the same, or a difference says nothing of the provider. What else differs is
told beside the verdict, for who reads it.
"""

from datetime import datetime

import msgspec
from msgspec import Struct

from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.records import Run
from model_lineup.benchmarks.report import Report

SAME = ("concurrency", "rate", "arrivals", "max_tokens", "prompt_tokens")
"""Fields of a plan that change what the provider has to do for a request."""
_APART_S = 600
_MANY_FAILED = 0.05
_ENVIRONMENT = ("lineup", "python", "platform", "cpus", "stamps")


class Difference(Struct, frozen=True):
    """A field of the plan in both runs."""

    field: str
    base: str
    other: str


def key_of(plan: Plan) -> str:
    """What two plans of the same work have in common, as text: a baseline is pinned for it."""
    fields = {name: getattr(plan, name) for name in (*SAME, "slo", "sweep")}
    return msgspec.json.encode(fields, order="sorted").decode()


def refusals(base: Plan, other: Plan) -> list[Difference]:
    """Why there can be no verdict. Two sweeps are compared step by step, where both are of the same sort of load."""
    found = [
        Difference(name, _text(getattr(base, name)), _text(getattr(other, name)))
        for name in SAME
        if getattr(base, name) != getattr(other, name)
    ]
    if (ours := _swept_by(base)) != (theirs := _swept_by(other)):
        found.append(Difference("sweep", ours, theirs))
    return found


def _swept_by(plan: Plan) -> str:
    if plan.sweep is None:
        return "none"
    return "by concurrency" if plan.sweep.concurrency else "by rate"


def warnings(base: Run, other: Run, ours: Report, theirs: Report, *, interleaved: bool) -> list[str]:
    """What else to keep in mind, in sentences."""
    found = [*_of_models(base, other, ours, theirs), *_of_plans(base.plan, other.plan)]
    for run, report in ((base, ours), (other, theirs)):
        found += _of_run(run, report)
    if ours.token_source != theirs.token_source:
        found.append(f"Tokens were counted differently: {ours.token_source} and {theirs.token_source}.")
    changed = [name for name in _ENVIRONMENT if getattr(ours.environment, name) != getattr(theirs.environment, name)]
    if changed:
        found.append(f"They were not measured by the same machine or version: {', '.join(changed)}.")
    apart_s = abs((base.created_at - other.created_at).total_seconds())
    if not interleaved and apart_s > _APART_S:
        apart = _apart(base.created_at, other.created_at)
        found.append(f"They were measured {apart} apart: whatever changed meanwhile is in it.")
    return found


def _of_models(base: Run, other: Run, ours: Report, theirs: Report) -> list[str]:
    if base.model != other.model:
        if base.model_id == other.model_id:
            return [f"They are of {base.model_id} at two providers: {base.provider} and {other.provider}."]
        return [f"They are of different models: {base.model_id} and {other.model_id}."]
    found = []
    if ours.environment.target != theirs.environment.target and ours.environment.target and theirs.environment.target:
        found.append("The model's provider was configured differently: its kind, address or API version changed.")
    if set(ours.environment.answered_models) != set(theirs.environment.answered_models):
        found.append("The provider answered with different model names.")
    return found


def _of_plans(base: Plan, other: Plan) -> list[str]:
    found = []
    if base.slo != other.slo:
        found.append("Their objectives differ, so that requests which met them are not compared.")
    if base.warmup != other.warmup:
        found.append(f"They were warmed up by {base.warmup} and {other.warmup} requests.")
    return found


def _of_run(run: Run, report: Report) -> list[str]:
    found = []
    if report.saturated:
        found.append(f"The machine that measured run {run.id} could not keep up; its times are upper bounds.")
    if report.stopped is not None:
        found.append(f"Run {run.id} ended early ({report.stopped}).")
    if report.requests and report.failed / report.requests > _MANY_FAILED:
        found.append(f"In run {run.id} {report.failed} of {report.requests} requests failed; times are of the others.")
    return found


def _apart(one: datetime, other: datetime) -> str:
    minutes = abs((one - other).total_seconds()) / 60
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.0f} hours" if minutes < 2880 else f"{minutes / 1440:.0f} days"


def _text(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
