"""What testing would cost at most, said before anything is asked. Pure."""

from collections.abc import Iterable, Sequence
from functools import cache
from random import Random

import msgspec

from model_lineup.catalog.prices import price_of
from model_lineup.catalog.shapes import Model
from model_lineup.probes.contract import Probe
from model_lineup.probes.registry import probes

CANNOT_BE_ASKED = ("embedding", "other")
"""Tasks of models that have no conversation."""
_LETTERS_PER_TOKEN = 3
_IMAGE_TOKENS = 800
"""About what providers count for a small picture."""
_NANO = 1e9


class Estimate(msgspec.Struct, frozen=True):
    """Upper bounds, for models that do not think first. `models` will be asked, `not_applicable` cannot be. `cost_usd`:
    of those whose price is known, null where none is; `unpriced`: how many others there are."""

    models: int
    not_applicable: int
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    unpriced: int


class _Size(msgspec.Struct, frozen=True):
    requests: int
    prompt_tokens: int
    completion_tokens: int


def estimate(models: Iterable[Model], chosen: Sequence[Probe]) -> Estimate:
    """For these probes at each of these models."""
    sizes = [_size(probe.name) for probe in chosen]
    requests, prompt, completion = (
        sum(getattr(size, name) for size in sizes) for name in ("requests", "prompt_tokens", "completion_tokens")
    )
    asked = unpriced = out_of = nanodollars = 0
    for model in models:
        if model.task in CANNOT_BE_ASKED:
            out_of += 1
            continue
        asked += 1
        pricing = msgspec.json.decode(model.pricing)
        price = price_of(pricing) if isinstance(pricing, dict) else None
        if price is None:
            unpriced += 1
        else:
            nanodollars += price.of(prompt, completion)
    cost = nanodollars / _NANO if asked > unpriced else None
    return Estimate(asked, out_of, asked * requests, asked * prompt, asked * completion, cost, unpriced)


@cache
def _size(name: str) -> _Size:
    """Of one probe."""
    requests = prompt = completion = 0
    for trial in probes()[name].trials(Random(0)):  # noqa: S311  # nosec B311
        text = msgspec.json.encode(trial.body)
        images = text.count(b"data:image/")
        letters = len(text) if not images else 300
        requests += 1
        prompt += letters // _LETTERS_PER_TOKEN + images * _IMAGE_TOKENS
        completion += trial.body["max_tokens"]
    return _Size(requests, prompt, completion)
