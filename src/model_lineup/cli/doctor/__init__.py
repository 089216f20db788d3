"""`lineup doctor`: looks at everything that a Lineup here stands on, changes nothing, and says what to do.

The one verb that looks beneath the API, because it has to work where the API cannot be opened: `machine.py`,
`surroundings.py`, `storage.py` and `inside.py` hold the checks, `check.py` what they return, and `examine` runs them in
order.
"""

import json
from collections.abc import Iterator
from typing import Annotated

import typer

from model_lineup.cli import show
from model_lineup.cli.doctor.check import MARKS, Check, failed
from model_lineup.cli.session import Session
from model_lineup.errors import LineupError

TO_LOOK_AT, BROKEN = 1, 2


def doctor(
    here: Session,
    online: Annotated[bool, typer.Option("--online", help="Also ask every enabled provider for its list.")] = False,
) -> None:
    """Check what a Lineup here stands on, and change nothing. Exit code 0: all well; 1: to look at; 2: broken."""
    found = list(examine(here, online=online))
    if here.place.as_json:
        show.raw(json.dumps({"checks": [check._asdict() for check in found]}).encode())
    else:
        _tell(found)
    states = {check.state for check in found}
    if states != {"ok"}:
        raise typer.Exit(BROKEN if "fail" in states else TO_LOOK_AT)


def examine(here: Session, *, online: bool) -> Iterator[Check]:
    """All checks; those that need what another one found broken are left out."""
    from model_lineup.cli.doctor import inside, machine, storage, surroundings

    try:
        loaded = here.place.settings()
    except LineupError as error:
        yield failed("settings", error.detail)
        return
    yield from machine.examine(loaded)
    yield from _safely("surroundings", surroundings.examine(loaded.settings))
    stored = list(storage.examine(loaded.settings))
    yield from stored
    if storage.is_sound(stored):
        yield from _safely("instance", inside.examine(loaded.settings, online=online))


def _safely(name: str, checks: Iterator[Check]) -> Iterator[Check]:
    """A check that fails in a way of its own is a finding, too."""
    try:
        yield from checks
    except LineupError as error:
        yield failed(name, error.detail)
    except Exception as error:
        yield failed(name, f"{type(error).__name__}: {error}")


def _tell(found: list[Check]) -> None:
    width = max(len(check.name) for check in found)
    for check in found:
        mark, style = MARKS[check.state]
        show.line(f"{mark:<4} {check.name:<{width}}  {check.finding}", style=style)
        if check.remedy:
            show.line(f"{'':<4} {'':<{width}}  → {check.remedy}")
    counts = {state: sum(check.state == state for check in found) for state in MARKS}
    show.line(f"\n{counts['ok']} ok, {counts['warn']} to look at, {counts['fail']} broken.")
