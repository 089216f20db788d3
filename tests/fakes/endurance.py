"""A server at work for long: several callers who do many things at once, and what the server holds before and after.

Memory is what belongs to the process alone (RssAnon), as a straight line over all samples after the warm-up.
"""

import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil

from tests.fakes.counts import HARD, SEED, count
from tests.fakes.faults import Faults
from tests.fakes.server import Client, Server

CALLERS = 4
MOST_DATABASE_FILES = 6 * (8 + 3)
"""Two databases, the WAL and shared memory of each, for eight readers that are kept, two writers and the watch."""
SAMPLE_EVERY = 1_000
MOST_GROWTH_MIB = 5.0
"""Over 100 000 operations."""
SETTLED_WITHIN_S = 20
FAULTY = count(4, 16)
"""Cases of a provider that misbehaves, at most."""


@dataclass
class World:
    """What there is to work with, and what was done. `token`: an administrator's."""

    port: int
    token: str
    statuses: Counter[int] = field(default_factory=Counter)
    done: int = 0


W = TypeVar("W", bound=World)
Operation = Callable[[Client, random.Random, W], Any]


def quick_cases(faults: Faults, wire: str = "openai") -> list[dict[str, Any]]:
    """Cases that fail at once; those that run into deadlines would be all that such a test waits for."""
    quick = [fault for fault in faults.cases if not fault.slow and wire in fault.base_urls]
    return [fault.fields(wire, "test") for fault in quick[:: max(1, len(quick) // FAULTY)]]


def must_keep_nothing(
    server: Server,
    world: W,
    operations: Mapping[Operation[W], float],
    allowed: set[int],
    *,
    warm_up: int,
    total: int,
    did: Callable[[str], None],
) -> None:
    """Warm up, settle, work, settle: in the end it holds what it held in the beginning, and nothing failed inside.

    Memory is judged in `make hard` alone: a short run is too short for a straight line.
    """
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    work(world, operations, allowed, process, warm_up, SEED)
    baseline = settle(process)
    began = time.monotonic()
    samples = work(world, operations, allowed, process, total, SEED + 1)
    took_s = time.monotonic() - began
    after = settle(process, baseline)
    assert after.close_wait == 0
    assert after.at_most(baseline), (baseline, after)
    assert '"failed"' not in server.log, server.log[-4000:]
    if HARD:
        did(
            f"{total} operations after {warm_up} in {took_s:.0f} s: {figures(samples)}; {after.files} files, "
            f"{after.threads} threads, no CLOSE_WAIT; statuses {dict(sorted(world.statuses.items()))}"
        )
        assert growth_mib(samples) <= MOST_GROWTH_MIB, figures(samples)


def work(
    world: W,
    operations: Mapping[Operation[W], float],
    allowed: set[int],
    server: psutil.Process,
    total: int,
    seed: int,
) -> list[tuple[int, float]]:
    """Do so many operations, drawn by weight, by several callers; (operations done, RssAnon in MiB) now and then.

    An answer whose status is not `allowed` ends it.
    """
    lock, samples, problems = threading.Lock(), list[tuple[int, float]](), list[str]()
    ends_at = world.done + total
    chosen_from, weights = list(operations), list(operations.values())

    def caller(number: int) -> None:
        rng, client = random.Random(seed * 1_000 + number), Client(world.port, world.token)
        while not problems:
            with lock:
                if world.done >= ends_at:
                    break
                world.done += 1
                if world.done % SAMPLE_EVERY == 0:
                    samples.append((world.done, private_mib(server)))
            chosen = rng.choices(chosen_from, weights)[0]
            try:
                answer = chosen(client, rng, world)
            except Exception as error:
                problems.append(f"{chosen.__name__}: {error!r}")
                break
            if answer is not None:
                world.statuses[answer.status] += 1
                if answer.status not in allowed:
                    problems.append(f"{chosen.__name__}: {answer!r}")
        client.close()

    callers = [threading.Thread(target=caller, args=(number,)) for number in range(CALLERS)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join()
    assert problems == []
    return samples


def private_mib(process: psutil.Process) -> float:
    """Memory that no file backs, of the process alone; what it shares with its parent after a fork does not grow."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no RssAnon; this test needs Linux")


@dataclass(frozen=True)
class Held:
    """`databases`: files that SQLite has open; as many as connections were ever wanted at once, and no more."""

    files: int
    databases: int
    threads: int
    children: int
    close_wait: int

    @classmethod
    def now(cls, process: psutil.Process) -> "Held":
        links = list[str]()
        for link in Path(f"/proc/{process.pid}/fd").iterdir():
            with suppress(OSError):
                links.append(str(link.readlink()))
        databases = sum(".db" in Path(link).name for link in links)
        waiting = sum(connection.status == "CLOSE_WAIT" for connection in process.net_connections())
        children = len(process.children(recursive=True))
        return cls(len(links) - databases, databases, process.num_threads(), children, waiting)

    def at_most(self, other: "Held") -> bool:
        return (
            self.files <= other.files
            and self.databases <= MOST_DATABASE_FILES
            and self.threads <= other.threads + CALLERS
            and self.children <= other.children
        )


def settle(process: psutil.Process, baseline: Held | None = None) -> Held:
    """What it holds once it is at rest: connections kept for providers are closed after a few idle seconds."""
    ends_at = time.monotonic() + SETTLED_WITHIN_S
    held = Held.now(process)
    while time.monotonic() < ends_at:
        time.sleep(0.2)
        before, held = held, Held.now(process)
        if held.close_wait == 0 and (held.at_most(baseline) if baseline else held == before):
            break
    return held


def growth_mib(samples: list[tuple[int, float]]) -> float:
    """By the straight line through all samples, over 100 000 operations."""
    return statistics.linear_regression(*zip(*samples, strict=True)).slope * 100_000


def figures(samples: list[tuple[int, float]]) -> str:
    (begin, first), (end, last) = samples[0], samples[-1]
    return f"{growth_mib(samples):+.2f} MiB per 100 000, from {first:.1f} at {begin} to {last:.1f} at {end}"
