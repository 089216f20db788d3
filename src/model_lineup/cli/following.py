"""Following a run: a bar on a terminal, a line now and then elsewhere; Ctrl-C passes a cancel on."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from model_lineup.cli import show
from model_lineup.cli.session import Session

Progress = Callable[[int, int], None]
LINES = 4
"""Lines of progress where there is no terminal."""


def follow(here: Session, run: dict[str, Any]) -> dict[str, Any]:
    """The run when it is over. Raises KeyboardInterrupt."""
    wanted, done, failed = wanted_of(run["plan"]), 0, 0
    with _progress(wanted) as progress:

        def on_event(kind: str, data: Any) -> None:
            nonlocal done, failed
            if kind == "sample" and data.get("number", 0) >= 0:
                done += 1
                failed += data.get("failure") is not None
                progress(done, failed)

        while not _is_over(run):  # a server that ends closes the stream before the run is over
            done, failed = 0, 0
            here.admin.follow(f"runs/{run['id']}/events", on_event)
            run = here.get(f"runs/{run['id']}").json
    return run


def follow_or_cancel(here: Session, run: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The run when it is over, and whether Ctrl-C cancelled it. A second Ctrl-C does not wait."""
    try:
        return follow(here, run), False
    except KeyboardInterrupt:
        show.note("Cancelling; what was measured is kept. Ctrl-C again does not wait.")
        here.delete(f"runs/{run['id']}")
        return follow(here, run), True


def wanted_of(plan: dict[str, Any]) -> int:
    """Requests to measure, in all steps of a sweep."""
    sweep = plan.get("sweep") or {}
    return int(plan["requests"]) * max(len(sweep.get("concurrency") or sweep.get("rate") or ()), 1)


def _is_over(run: dict[str, Any]) -> bool:
    return bool(run["state"] != "running")


@contextlib.contextmanager
def _progress(wanted: int) -> Iterator[Progress]:
    console = show.console(stderr=True)
    if not console.is_terminal:
        yield _lines(wanted)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("Requests"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=wanted)

        def advance(done: int, failed: int) -> None:
            bar.update(task, completed=done, description=f"{failed} failed" if failed else "")

        yield advance


def _lines(wanted: int) -> Progress:
    told = 0

    def tell(done: int, failed: int) -> None:
        nonlocal told
        quarter = done * LINES // wanted
        if quarter > told:
            told = quarter
            show.note(f"{done} of {wanted} requests" + (f", {failed} failed" if failed else ""))

    return tell
