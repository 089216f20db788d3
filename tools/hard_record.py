"""What `make hard` found, part by part: kept as JSON, from which the page for people is written anew each time.

A part that was not run keeps its older entry, with the date and the commit that it is of.
"""

import contextlib
import fcntl
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

KEPT = Path("docs/hard-last-run.json")
PAGE = Path("docs/hard-last-run.txt")
LOCK = Path("build/hard/lock")


@dataclass(frozen=True)
class Entry:
    """One part's last run. `did` is what its tests say of themselves, `failed` the names of those that failed."""

    part: str
    what: str
    outcome: str
    tests: int
    took_s: float
    seed: int
    ended: str
    commit: str
    machine: str
    did: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def durations() -> dict[str, float]:
    """How long each part took when it ran last, in seconds."""
    return {entry.part: entry.took_s for entry in _read()}


def keep(new: Entry, known: Iterable[str]) -> None:
    """Replace the part's entry; forget parts that are no longer `known`. Several runs may do so at once."""
    with _locked():
        others = {entry.part: entry for entry in _read()}
        entries = {**others, new.part: new}
        wanted = {*known, new.part}
        ordered = [entries[part] for part in sorted(entries) if part in wanted]
        KEPT.write_text(json.dumps([asdict(entry) for entry in ordered], indent=1, ensure_ascii=False) + "\n", "utf-8")
        PAGE.write_text(page(ordered), "utf-8")


def page(entries: list[Entry]) -> str:
    """The entries as a person reads them."""
    passed = sum(entry.outcome == "passed" for entry in entries)
    total = sum(entry.took_s for entry in entries)
    heading = (
        "The last run of each part of `make hard`, written by tools/hard.py. Two parts run side by side.\n"
        f"{passed} of {len(entries)} parts passed, {total / 60:.0f} minutes if one ran after the other.\n"
    )
    return "\n".join([heading, *(_paragraph(entry) for entry in entries)])


def _paragraph(entry: Entry) -> str:
    lines = [
        f"{entry.part:<28} {entry.outcome:<12} {entry.tests:>3} tests {entry.took_s:7.0f} s   "
        f"{entry.ended}, commit {entry.commit}, seed {entry.seed}",
        f"    {entry.what}",
        f"    {entry.machine}",
        *(f"    - {line}" for line in entry.did),
        *(f"    FAILED {name}" for name in entry.failed),
    ]
    return "\n".join(lines) + "\n"


def _read() -> list[Entry]:
    return [Entry(**entry) for entry in json.loads(KEPT.read_text("utf-8"))] if KEPT.exists() else []


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
