"""One row of the table, put into words."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from model_lineup.catalog.shapes import Model
from model_lineup.panel import wording

CAPABILITIES = (("supports_tools", "tools"), ("supports_vision", "vision"), ("supports_streaming", "stream"))
CHIPS = 2
"""Aliases that a row shows; of more it tells the number."""
ORIGINS = {
    "pin": "set here by hand",
    "probe": "found by a test",
    "provider": "declared by the provider",
    "catalogue": "from a catalogue",
    "stale_probe": "found by a test that is stale",
    "guess": "guessed from the name",
    "default": "assumed",
}
SOURCES = {"manual": "by hand", "discovered": "discovered", "file": "file"}


class _Told(msgspec.Struct):
    source: str = ""
    contradicted_by: list[str] = []


class _Test(msgspec.Struct):
    at: datetime | None = None
    stage: str | None = None


class _Benchmark(msgspec.Struct):
    ttft_ms_p50: float | None = None
    output_tokens_per_s_p50: float | None = None


class Capability(NamedTuple):
    """`state`: yes, no or unknown; unknown is not no. `doubted`: a test found otherwise, or somebody denies what it
    found."""

    state: str
    words: str
    title: str
    doubted: bool = False


class Row(NamedTuple):
    model: Model
    capabilities: list[Capability]
    tested: str
    aliases: list[str]
    more_aliases: list[str]
    ttft: str
    speed: str
    source: str
    updated: str

    @property
    def id(self) -> int:
        return self.model.id


def rows_of(models: list[Model], now: datetime) -> list[Row]:
    return [row_of(model, now) for model in models]


def row_of(model: Model, now: datetime) -> Row:
    test = _TEST.decode(model.last_test) or _NO_TEST
    benchmark = _BENCHMARK.decode(model.last_benchmark) or _NO_BENCHMARK
    speed = benchmark.output_tokens_per_s_p50
    return Row(
        model=model,
        capabilities=_capabilities(model),
        tested=_tested(model.status, test, now),
        aliases=model.aliases[:CHIPS],
        more_aliases=model.aliases[CHIPS:],
        ttft=wording.milliseconds(benchmark.ttft_ms_p50),
        speed=wording.DASH if speed is None else f"{speed:.0f}" if speed >= 10 else f"{speed:.1f}",
        source=SOURCES[model.source],
        updated=wording.age(model.updated_at, now),
    )


def _tested(status: str, test: _Test, now: datetime) -> str:
    """When, and of one that failed at which step."""
    if test.at is None:
        return ""
    said = wording.age(test.at, now)
    return f"{test.stage}, {said}" if status == "failing" and test.stage else said


def _capabilities(model: Model) -> list[Capability]:
    told = _FACTS.decode(model.facts)
    return [_capability(getattr(model, field), word, told.get(field)) for field, word in CAPABILITIES]


def _capability(value: bool | None, word: str, told: _Told | None) -> Capability:
    origin = ORIGINS.get(told.source, "") if told else ""
    if value is None:
        return Capability("unknown", f"{word}?", f"{word}: nobody has said")
    against = [f"{'no' if value else 'yes'} is {ORIGINS.get(one, one)}" for one in told.contradicted_by] if told else []
    title = "; but ".join([f"{word}: {origin}", *against])
    return Capability("yes" if value else "no", word if value else f"no {word}", title, bool(against))


_NO_TEST, _NO_BENCHMARK = _Test(), _Benchmark()
_TEST = msgspec.json.Decoder(_Test | None)
_BENCHMARK = msgspec.json.Decoder(_Benchmark | None)
_FACTS = msgspec.json.Decoder(dict[str, _Told])
