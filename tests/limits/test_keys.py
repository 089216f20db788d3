"""Limits of keys in the database: exact among threads and processes, and still there after a restart."""

import contextlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from model_lineup.app import open_instance
from model_lineup.limits.keys import KeyLimits, Settlement, Wanted
from model_lineup.limits.payers import Payer, of_group
from model_lineup.limits.spending import Allowance, Denial, Grant
from model_lineup.limits.tables import key_spending
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.counts import count

SIX = Allowance(requests_per_minute=6)
PROCESS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from model_lineup.database import engines
from model_lineup.limits.keys import KeyLimits, Wanted
from model_lineup.limits.spending import Allowance, Grant
from tests.fakes.clock import ManualClock

where, (limit, threads, times) = sys.argv[1], map(int, sys.argv[2:])
if where.startswith("postgresql"):
    database = engines.open_postgres(where, busy_s=30, pool=8)
else:
    database = engines.open_sqlite(Path(where), busy_s=30, queue=200)
limits = KeyLimits(database, ManualClock())
wanted = [Wanted(7, Allowance(requests_per_minute=limit, tokens_per_month=10 * limit), 10, 0)] * 3
with ThreadPoolExecutor(threads) as pool:
    print("ready", flush=True)
    sys.stdin.readline()
    found = [one.answer for each in pool.map(lambda _: limits.book(wanted), range(times)) for one in each]
print(sum(isinstance(answer, Grant) for answer in found), len(found))
database.close()
"""


@pytest.fixture
def limits(rooms: Rooms, clock: ManualClock) -> KeyLimits:
    return KeyLimits(rooms.database, clock)


def granted(limits: KeyLimits, *wanted: Wanted) -> list[bool]:
    return [isinstance(booking.answer, Grant) for booking in limits.book(wanted)]


def test_as_many_as_allowed_of_each_key_and_one_key_takes_nothing_from_another(limits: KeyLimits) -> None:
    batch = [Wanted(key_id, SIX, 0, 0) for key_id in (2, 1, 2, 1)]
    assert granted(limits, *batch, *batch) == [True] * 8
    assert granted(limits, *batch, *batch) == [True] * 4 + [False] * 4
    assert granted(limits, Wanted(3, Allowance(), 0, 0)) == [True]


def test_a_batch_is_answered_in_its_order(limits: KeyLimits) -> None:
    allowed = Allowance(tokens_per_minute=100)
    assert granted(limits, *(Wanted(1, allowed, tokens, 0) for tokens in (60, 60, 40, 1))) == [True, False, True, False]


def test_settlements_come_before_what_is_wanted_and_hold_for_others(limits: KeyLimits, clock: ManualClock) -> None:
    allowed = Allowance(tokens_per_minute=100, nanodollars_per_month=1_000)
    grant = limits.book([Wanted(1, allowed, 100, 1_000)])[0].answer
    assert isinstance(grant, Grant)
    assert granted(limits, Wanted(1, allowed, 1, 0)) == [False]
    clock.advance(1)
    later = limits.book([Wanted(1, allowed, 60, 600)], [Settlement(grant, 1, 40, 400)])
    assert isinstance(later[0].answer, Grant)
    assert limits.spent(1).month_nanodollars == 1_000
    assert limits.spent(2).month_tokens == 0


def test_many_threads_share_one_count(limits: KeyLimits) -> None:
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: granted(limits, Wanted(1, SIX, 0, 0))[0], range(40)))
    assert taken.count(True) == 6


@pytest.mark.hard
def test_processes_of_many_threads_admit_exactly_the_limit(rooms: Rooms) -> None:
    """CASES L-11, and more than it asks for: not one above the limit, and not one below."""
    number, limit, threads, times = count((2, 40, 4, 10), (3, 5_000, 16, 1_000))
    url = rooms.settings.database_url
    where = str(rooms.settings.data_dir) if url is None else url.get_secret_value()
    words = [sys.executable, "-c", PROCESS, where, str(limit), str(threads), str(times)]
    with contextlib.ExitStack() as running:
        piped = [
            running.enter_context(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(number)
        ]
        assert [_line(process) for process in piped] == ["ready\n"] * number
        for process in piped:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        told = [_line(process).split() for process in piped]
    assert sum(int(admitted) for admitted, _ in told) == limit
    assert sum(int(asked) for _, asked in told) == number * 3 * times


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_what_was_used_is_still_used_after_a_restart(rooms: Rooms, limits: KeyLimits, clock: ManualClock) -> None:
    assert granted(limits, *[Wanted(1, SIX, 0, 0)] * 7).count(True) == 6
    with open_instance(rooms.settings, clock=clock) as again:
        assert granted(KeyLimits(again.database, clock), Wanted(1, SIX, 0, 0)) == [False]


def test_rows_of_keys_that_are_not_used_any_more_are_forgotten(
    rooms: Rooms, limits: KeyLimits, clock: ManualClock
) -> None:
    granted(limits, *(Wanted(key_id, SIX, 0, 0) for key_id in range(1, 20)))
    clock.advance(timedelta(days=70).total_seconds())
    granted(limits, Wanted(1, SIX, 0, 0))
    with rooms.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(key_spending)).scalar_one() == 1


def test_a_denial_writes_nothing(rooms: Rooms, limits: KeyLimits, clock: ManualClock) -> None:
    granted(limits, *[Wanted(1, SIX, 0, 0)] * 6)
    before = limits.spent(1)
    clock.advance(5)
    assert isinstance(limits.book([Wanted(1, SIX, 0, 0)])[0].answer, Denial)
    assert limits.spent(1) == before


def shared(key_id: int, *payers: Payer, tokens: int = 0) -> Wanted:
    """A request of a key that counts for groups, too."""
    own = payers[0] if payers and payers[0].group is None else Payer(key_id, Allowance())
    groups = tuple(one for one in payers if one.group is not None)
    return Wanted(key_id, own.allowed, tokens, 0, payers=(own, *groups))


TEAM = Payer(of_group(1), SIX, "team")


def test_keys_of_a_group_use_up_its_limit_together_and_their_own_inside(limits: KeyLimits) -> None:
    small = Payer(1, Allowance(requests_per_minute=2), None)
    assert granted(limits, *[shared(1, small, TEAM)] * 4) == [True, True, False, False]
    assert granted(limits, *[shared(2, TEAM)] * 6) == [True] * 4 + [False] * 2
    assert granted(limits, Wanted(3, SIX, 0, 0)) == [True], "a key of no group has its own"
    denied = limits.book([shared(2, TEAM)])[0].answer
    assert isinstance(denied, Denial)
    assert (denied.group, denied.limit, denied.left.requests) == ("team", 6, 0)


def test_a_request_counts_for_all_its_groups_or_for_none(limits: KeyLimits) -> None:
    full = Payer(of_group(2), Allowance(requests_per_minute=1), "full")
    assert granted(limits, *[shared(1, TEAM, full)] * 3) == [True, False, False]
    assert [sum(second.requests for second in limits.spent(one.id).seconds) for one in (TEAM, full)] == [1, 1]


def test_what_was_reserved_of_a_group_is_given_back_to_it(limits: KeyLimits) -> None:
    team = Payer(of_group(1), Allowance(tokens_per_month=100), "team")
    grant = limits.book([shared(1, team, tokens=80)])[0].answer
    assert isinstance(grant, Grant)
    assert granted(limits, shared(2, team, tokens=30)) == [False]
    limits.book([], [Settlement(grant, 1, 10, 0)])
    assert (limits.spent(team.id).month_tokens, limits.spent(1).month_tokens) == (10, 10)
    assert granted(limits, shared(2, team, tokens=30)) == [True]


def test_many_threads_of_many_keys_share_one_groups_count(limits: KeyLimits) -> None:
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda n: granted(limits, shared(n % 5 + 1, TEAM))[0], range(40)))
    assert taken.count(True) == 6
