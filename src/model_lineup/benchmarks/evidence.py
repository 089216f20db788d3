"""From the samples of a run to what a verdict rests on. Pure."""

from collections.abc import Iterable

from model_lineup.benchmarks.goodput import Slo, meets
from model_lineup.benchmarks.judging.verdict import Evidence
from model_lineup.benchmarks.sample import Sample


def evidence_of(samples: Iterable[Sample], slo: Slo | None) -> Evidence:
    """Of the measured requests that were not cut short. `slo`: what both plans ask for, or None."""
    answered = [sample for sample in samples if not sample.warmup and not sample.unfinished]
    good = [sample for sample in answered if sample.succeeded]
    return Evidence(
        ttft_ms=[sample.ttft_ms for sample in good if sample.ttft_ms is not None],
        response_time_ms=[sample.response_time_ms for sample in good if sample.response_time_ms is not None],
        gaps=[(sum(sample.itl_ms), len(sample.itl_ms)) for sample in good if sample.itl_ms],
        failed=len(answered) - len(good),
        answered=len(answered),
        met=None if slo is None else sum(meets(sample, slo) for sample in answered),
    )
