"""One request of a run, as it was measured. Shapes only."""

from msgspec import Struct

from model_lineup.upstream.contract import Failure


class Sample(Struct, frozen=True, tag_field="kind", tag="sample"):
    """One request. Times in milliseconds; what could not be measured is `None`, never 0.

    `number` counts from 0, warm-up requests are negative. `started_s`, `ended_s` are seconds after the run's start.
    `itl_ms` holds every gap between content events. `estimated`: the provider reported no usage, and
    `completion_tokens` is the number of content events. `late_ms`: open loop, how late the request was sent;
    of a `cold` request, how long it took to connect.
    """

    number: int
    started_s: float
    ended_s: float
    failure: Failure | None = None
    unfinished: bool = False
    response_time_ms: float | None = None
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    itl_ms: tuple[float, ...] = ()
    output_tokens_per_s: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    estimated: bool = False
    reused: bool = False
    cold: bool = False
    late_ms: float | None = None
    finish_reason: str | None = None
    answered_model: str | None = None

    @property
    def warmup(self) -> bool:
        return self.number < 0

    @property
    def succeeded(self) -> bool:
        return self.failure is None and not self.unfinished
