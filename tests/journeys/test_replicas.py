"""Replicas on a real PostgreSQL: a change at one is in force at all, soon; and with the database cut off, silent, slow
or gone no answer is older than ten seconds, and all catch up when it is back."""

import contextlib
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.counts import HARD, SEED, count, patient
from tests.fakes.postgres import PostgresServer
from tests.fakes.replicas import MODEL, Replica, replicas, until
from tests.fakes.server import Workbench

PLACES = count(2, 3)
FLIPS = count(3, 300)
OLD_S = 10.0
"""How long an answer may lag behind while the database is out of reach."""
SHORTLY_S, AGAIN_S = 2.0, 0.5
"""At the worst, and in 99 of 100 flips."""
CAUGHT_UP_S = 2.0
ASKING_S = 0.5
"""What one look more may add to a measured time."""
MODELS = "/api/admin/models"

pytestmark = [pytest.mark.hard, pytest.mark.timeout(900)]


def furnish(them: list[Replica]) -> int:
    """One visible model and a user's key; the model's row."""
    bench = Workbench(them[0].admin)
    row = int(bench.model(bench.provider()["id"], MODEL, visible=True)["id"])
    key = str(bench.key("user")["key"])
    for replica in them:
        replica.key = key
        until(lambda replica=replica: replica.ask() == 200, 60)  # type: ignore[misc]
    return row


@contextlib.contextmanager
def furnished(folder: Path, postgres: PostgresServer, *, deaf: bool = False) -> Iterator[tuple[list[Replica], int]]:
    url = postgres.fresh_database()
    with replicas(folder, url, PLACES, deaf=deaf) as them:
        yield them, furnish(them)
    postgres.drop(url)


@pytest.fixture(scope="module")
def common(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[tuple[list[Replica], int]]:
    """For all that leave them as they were."""
    with furnished(tmp_path_factory.mktemp("replicas"), postgres_server) as found:
        yield found


def flip(here: Replica, row: int, visible: bool) -> int:
    """The status that everybody has to give from now on."""
    here.admin.must("PUT", f"{MODELS}/{row}", {"visible": visible})
    return 200 if visible else 404


def flips(them: list[Replica], row: int, number: int) -> list[float]:
    """The seconds until each of the others said what the one was told, and nobody said anything else later."""
    rng, took = random.Random(SEED), []
    for turn in range(number):
        here, *others = rng.sample(them, len(them))
        expected, began = flip(here, row, turn % 2 == 1), time.monotonic()
        assert here.ask() == expected, "stale where it was told"
        waiting = others
        while waiting:
            assert time.monotonic() - began < patient(SHORTLY_S), f"flip {turn} is not seen"
            seen = [replica for replica in waiting if replica.ask() == expected]
            took += [time.monotonic() - began] * len(seen)
            waiting = [replica for replica in waiting if replica not in seen]
        assert {replica.ask() for replica in them for _ in range(3)} == {expected}, f"stale after flip {turn}"
    return took


def listens(replica: Replica) -> str:
    return str(replica.caller.get("/readyz").json["listen"])


@pytest.mark.skipif(not HARD, reason="replicas of their own, before those of the others run: looking alone")
def test_a_change_is_seen_everywhere_soon_where_no_notification_comes_through(
    tmp_path: Path, postgres_server: PostgresServer, did: Callable[[str], None]
) -> None:
    with furnished(tmp_path, postgres_server, deaf=True) as (them, row):
        seen_soon(them, row, "polling", did)


def test_a_change_is_seen_everywhere_soon(common: tuple[list[Replica], int], did: Callable[[str], None]) -> None:
    seen_soon(*common, "ok", did)


def seen_soon(them: list[Replica], row: int, how: str, did: Callable[[str], None]) -> None:
    for replica in them:
        until(lambda replica=replica: listens(replica) != "testing", 60)  # type: ignore[misc]
    assert {listens(replica) for replica in them} == {how}
    took = sorted(flips(them, row, FLIPS))
    flip(them[0], row, True)
    p99 = took[int(len(took) * 0.99)]
    if HARD:
        assert p99 <= AGAIN_S
        assert took[-1] <= SHORTLY_S
    why = "looking alone" if how == "polling" else "told by PostgreSQL"
    did(
        f"{FLIPS} flips at one of {PLACES} replicas, {why}: seen after {statistics.median(took) * 1000:.0f} ms "
        f"(median), {p99 * 1000:.0f} ms (p99), {took[-1] * 1000:.0f} ms at most; none stale after"
    )


def cut(replica: Replica) -> None:
    replica.cable.cut()


def held(replica: Replica) -> None:
    replica.cable.hold()


def slow(replica: Replica) -> None:
    replica.cable.slow_down(3.0)


@pytest.mark.parametrize("fault", count([cut], [cut, held, slow]))
def test_cut_off_silent_or_slow_an_answer_is_ten_seconds_old_at_most_and_then_none(
    fault: Callable[[Replica], None], common: tuple[list[Replica], int], did: Callable[[str], None]
) -> None:
    them, row = common
    told, *others = them
    for replica in others:
        fault(replica)
    expected, changed_at = flip(told, row, False), time.monotonic()
    oldest_s = watched(others, expected, changed_at) if HARD else 0.0
    assert told.ask() == expected
    for replica in others:
        replica.cable.mend()
    mended_at = time.monotonic()
    for replica in others:
        until(lambda replica=replica: replica.ask() == expected, patient(CAUGHT_UP_S))  # type: ignore[misc]
    caught_up_s = time.monotonic() - mended_at
    for replica in others:
        until(lambda replica=replica: replica.caller.get("/readyz").status == 200, 60)  # type: ignore[misc]
    flip(told, row, True)
    for replica in them:
        until(lambda replica=replica: replica.ask() == 200, 60)  # type: ignore[misc]
    if HARD:
        assert oldest_s <= OLD_S + ASKING_S
        assert caught_up_s <= CAUGHT_UP_S
    did(f"{fault.__name__}: answers up to {oldest_s:.1f} s old, then 503; caught up after {caught_up_s:.2f} s")


def watched(others: list[Replica], expected: int, changed_at: float) -> float:
    """Asks until each has refused for a while; the greatest age of an answer that was not what everybody has to say."""
    oldest_s = 0.0
    for replica in others:
        replica.caller.connection.timeout = 30
    refusals = dict.fromkeys(range(len(others)), 0)
    while min(refusals.values()) < 10:
        for turn, replica in enumerate(others):
            asked_at = time.monotonic()
            status = replica.ask()
            age_s = time.monotonic() - changed_at
            assert status in (200, 404, 503)
            assert time.monotonic() - asked_at < 12, "a caller waited longer than the snapshot could serve"
            if status == 503:
                refusals[turn] += 1
            elif status != expected:
                assert refusals[turn] == 0, "an old answer after it had refused"
                oldest_s = max(oldest_s, age_s)
        assert time.monotonic() - changed_at < 60, f"not everybody refuses: {refusals}"
        time.sleep(0.05)
    return oldest_s


@pytest.mark.skipif(not HARD, reason="a PostgreSQL of its own, killed and away for longer than the ten seconds")
def test_while_the_database_is_gone_nobody_answers_for_longer_than_ten_seconds(
    tmp_path: Path, did: Callable[[str], None]
) -> None:
    with PostgresServer(durable=True) as postgres, furnished(tmp_path, postgres) as (them, row):
        expected = flip(them[0], row, False)
        for replica in them:
            until(lambda replica=replica: replica.ask() == expected, 60)  # type: ignore[misc]
        postgres.crash()
        gone_at = time.monotonic()
        until(lambda: {replica.ask() for replica in them} == {503}, OLD_S + 5)
        served_s = time.monotonic() - gone_at
        assert {replica.caller.get("/readyz").status for replica in them} == {503}
        postgres.start_again()
        back_at = time.monotonic()
        until(lambda: {replica.ask() for replica in them} == {expected}, 60)
        caught_up_s = time.monotonic() - back_at
        assert flips(them, row, 6)
        for replica in them:
            until(lambda replica=replica: listens(replica) == "ok", 90)  # type: ignore[misc]
    assert served_s <= OLD_S + ASKING_S
    assert caught_up_s <= CAUGHT_UP_S
    did(f"killed: all of {PLACES} refuse after {served_s:.1f} s, answer again {caught_up_s:.2f} s after it was back")
