"""The body that says what a benchmark does. Ranges come from the plan itself."""

from typing import Annotated, Any, Literal

import msgspec
from pydantic import ConfigDict, Field

from model_lineup.api.bodies import Body, Name, said
from model_lineup.benchmarks.goodput import Slo
from model_lineup.benchmarks.plan import LEAST_SLO_MS, LEAST_STEPS, MOST_SLO_MS, MOST_STEPS, RANGES, Plan
from model_lineup.benchmarks.sweep import Sweep


def _whole(name: str) -> Any:
    least, greatest = RANGES[name]
    return Field(ge=int(least), le=int(greatest))


def _number(name: str) -> Any:
    least, greatest = RANGES[name]
    return Field(ge=least, le=greatest)


_STEPS = Field(min_length=LEAST_STEPS, max_length=MOST_STEPS)


def _one_loop(schema: dict[str, Any]) -> None:
    """`rate` or `concurrency`, in the words of JSON Schema."""
    schema["anyOf"] = [{"properties": {"rate": {"type": "null"}}}, {"properties": {"concurrency": {"const": 1}}}]


Objective = Annotated[float, Field(ge=LEAST_SLO_MS, le=MOST_SLO_MS)]


class SloBody(Body):
    """What a request has to keep to, in milliseconds; at least one. `e2e_ms`: the whole response."""

    ttft_ms: Objective | None = None
    tpot_ms: Objective | None = None
    e2e_ms: Objective | None = None


class SweepBody(Body):
    """Ascending loads, one step each, until more load brings no more: either `concurrency` or `rate`."""

    concurrency: Annotated[list[Annotated[int, _whole("concurrency")]], _STEPS] | None = None
    rate: Annotated[list[Annotated[float, _number("rate")]], _STEPS] | None = None
    least_gain: Annotated[float, Field(ge=0, le=1)] = 0.1


class PlanBody(Body):
    """Everything has a default; `rate` (requests per second) makes the run open-loop and excludes `concurrency`.

    `arrivals`: at a rate, evenly (`constant`) or as people come (`poisson`). `cold`: requests before the warm-up, each
    over a new connection. `slo`: objectives, for goodput. `sweep`: `requests` at each of its loads.
    """

    model_config = ConfigDict(json_schema_extra=_one_loop)

    requests: Annotated[int, _whole("requests")] = 20
    concurrency: Annotated[int, _whole("concurrency")] = 1
    rate: Annotated[float, _number("rate")] | None = None
    max_tokens: Annotated[int, _whole("max_tokens")] = 64
    prompt_tokens: Annotated[int, _whole("prompt_tokens")] | None = None
    warmup: Annotated[int, _whole("warmup")] = 1
    seed: Annotated[int, _whole("seed")] | None = None
    time_limit_s: Annotated[float, _number("time_limit_s")] = 50
    token_limit: Annotated[int, _whole("token_limit")] | None = None
    arrivals: Literal["constant", "poisson"] = "constant"
    cold: Annotated[int, _whole("cold")] = 0
    slo: SloBody | None = None
    sweep: SweepBody | None = None
    name: Annotated[Name, Field(max_length=100)] | None = None

    def plan(self) -> Plan:
        """What was said; checked further by `plan.check`."""
        values = {name: value for name, value in said(self).items() if name in PlanBody.model_fields}
        if self.slo is not None:
            values["slo"] = Slo(**self.slo.model_dump())
        if self.sweep is not None:
            values["sweep"] = msgspec.convert(self.sweep.model_dump(), Sweep)
        return Plan(**values)
