"""When the requests of an open loop are due. Pure.

`constant`: evenly, one every 1/rate seconds. `poisson`: as independent people come, with gaps that are exponential and
1/rate on average, so that some come close together; from the plan's seed, so that two runs of one seed are asked alike.
Either way a due time does not wait for earlier answers, and latencies count from it: no coordinated omission.
"""

import random
from itertools import accumulate
from typing import Literal

Arrivals = Literal["constant", "poisson"]


def due_offsets(arrivals: Arrivals, rate: float, requests: int, seed: int | None) -> list[float]:
    """Seconds after the start, ascending; the first request is due at once."""
    if arrivals == "constant":
        return [number / rate for number in range(requests)]
    source = random.Random(f"{seed}/arrivals")  # noqa: S311 # nosec B311 - chance for a schedule, not for secrets
    return list(accumulate((source.expovariate(rate) for _ in range(requests - 1)), initial=0.0))
