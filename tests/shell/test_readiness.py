"""Readiness is asked once at a time, whoever else asks meanwhile."""

import asyncio

from model_lineup.metrics import Metrics
from model_lineup.shell.probes import Probes, Watch


def test_everybody_hears_of_the_asking_that_they_waited_for() -> None:
    watch = Watch(Probes(lambda: True, lambda: {"database": "ok"}, lambda token: False), Metrics())

    async def asks_again_at_once() -> list[dict[str, str]]:
        return [await watch._readiness() for _ in range(3)]

    async def several() -> list[list[dict[str, str]]]:
        return await asyncio.gather(*(asks_again_at_once() for _ in range(4)))

    assert asyncio.run(several()) == [[{"database": "ok"}] * 3] * 4
