"""Whatever administrators do, in whatever order: a name means what CONTRACT §4 says, and never changes its meaning
unless somebody confirmed it. With real operations on real databases; tests/gateway/test_resolver.py goes through many
more histories without."""

import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from model_lineup.rooms import Rooms
from tests.catalog.naming_operations import Machine, walk
from tests.fakes.clock import ManualClock
from tests.fakes.counts import SEED, count
from tests.fakes.instances import Kind, Templates


@pytest.mark.hard
@pytest.mark.timeout(3_600)
def test_no_name_ever_means_what_it_does_not_say(
    kind: Kind, templates: Templates, tmp_path: Path, did: Callable[[str], None]
) -> None:
    runs, steps = count((2, 40), (500, 50) if kind == "sqlite" else (100, 50))
    for seed in range(SEED, SEED + runs):
        machine = Machine(lambda: templates.rooms(kind, tmp_path / str(seed), ManualClock()))  # noqa: B023
        try:
            walk(machine, seed, steps)
        finally:
            machine.teardown()
    did(f"{runs} histories of {steps} steps beside a plain model of the rules: no name ever differed")


@pytest.mark.hard
@pytest.mark.timeout(3_600)
def test_no_short_history_makes_a_name_mean_what_it_does_not_say(
    templates: Templates, tmp_path: Path, did: Callable[[str], None]
) -> None:
    numbers = itertools.count()
    histories, steps = count((5, 10), (200, 30))

    def new_rooms() -> contextlib.AbstractContextManager[Rooms]:
        return templates.rooms("sqlite", tmp_path / str(next(numbers)), ManualClock())

    run_state_machine_as_test(
        lambda: Machine(new_rooms),  # type: ignore[arg-type]
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    did(f"{histories} histories of {steps} steps, looked for by hypothesis: none differed")
