"""What a run cost, from the model's price and the tokens that the provider counted. Pure."""

import msgspec
from msgspec import Struct

from model_lineup.catalog.prices import price_of

_NANO = 1_000_000_000


class Cost(Struct, frozen=True):
    """US dollars, of the requests that succeeded; warm-up is not in it. `pricing`: the model's, as it was then."""

    total: float
    per_request: float
    per_million_output_tokens: float | None
    pricing: msgspec.Raw
    currency: str = "USD"


def cost_of(
    pricing: msgspec.Raw, *, requests: int, prompt: int | None, completion: int | None, cached: int | None
) -> Cost | None:
    """None where the price is not known, or nobody counted the tokens: a guess would be read as a bill."""
    said = msgspec.json.decode(pricing)
    price = price_of(said) if isinstance(said, dict) else None
    if price is None or not requests or prompt is None or completion is None:
        return None
    nano = price.of(prompt, completion, cached or 0) + (requests - 1) * price.request
    total = nano / _NANO
    return Cost(
        total=total,
        per_request=total / requests,
        per_million_output_tokens=total / completion * 1_000_000 if completion else None,
        pricing=pricing,
    )
