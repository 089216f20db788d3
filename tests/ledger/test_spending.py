"""What Lineup's own work cost, by provider, day and sort; what callers used is none of it."""

import pytest

from model_lineup.benchmarks.booking import Booking
from model_lineup.benchmarks.forecast import forecast
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.protocol import Started
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.sweep import Sweep
from model_lineup.catalog.check_schedule import CheckSchedule
from model_lineup.catalog.shapes import Model, ProviderChanges
from model_lineup.clock import tick
from model_lineup.ledger.books import Books
from model_lineup.ledger.entry import BENCHMARKS, OWN_WORK, TESTS
from model_lineup.ledger.spending import Spending
from model_lineup.rooms import Rooms
from model_lineup.upstream.contract import Failure, Stage, Usage
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk
from tests.fakes.usage import entry


@pytest.fixture
def model(rooms: Rooms) -> Model:
    desk = Desk(rooms)
    return desk.model(desk.provider(), "m", pins={"pricing": {"input_per_million": 1, "output_per_million": 2}})


def sample(number: int, **more: object) -> Sample:
    told = {"prompt_tokens": 10, "completion_tokens": 5, "ttft_ms": 100.0}
    return Sample(number=number, started_s=number, ended_s=number + 0.5, **{**told, **more})  # type: ignore[arg-type]


def failure(stage: Stage) -> Failure:
    return Failure(stage, stage, "No.", http_status=500 if stage == "model" else None)


def test_every_request_of_a_benchmark_is_booked_with_its_price(rooms: Rooms, model: Model) -> None:
    booking = Booking(rooms.ledger, model)
    booking.hear(Started(Plan()))
    for number in (-2, -1, 0):
        booking.hear(sample(number))
    spent = rooms.own_work.today(model.provider_id)
    assert (spent.requests, spent.tokens) == (3, 45)
    assert spent.cost_usd == pytest.approx(3 * 20e-6)
    assert spent.by_work[BENCHMARKS].requests == 3
    assert spent.by_work[TESTS] == Spending()
    assert rooms.impacts.of(model.id, "r").requests == 0


def test_a_cut_or_failed_request_counts_and_one_that_was_never_sent_does_not(rooms: Rooms, model: Model) -> None:
    booking, nothing = Booking(rooms.ledger, model), {"prompt_tokens": None, "completion_tokens": None}
    booking.hear(sample(0, unfinished=True, **nothing))
    booking.hear(sample(1, failure=failure("model"), **nothing))
    booking.hear(sample(2, failure=failure("connect"), **nothing))
    spent = rooms.own_work.today(model.provider_id)
    assert (spent.requests, spent.tokens, spent.cost_usd) == (2, 80, None)


def test_days_and_sorts_of_work_stand_apart_and_callers_are_left_out(
    rooms: Rooms, model: Model, clock: ManualClock
) -> None:
    first = clock.now().date()
    for work in OWN_WORK:
        books = Books(rooms.ledger, model.id, model.provider_id, model.model_id, work)
        books.note(
            began_at=tick(),
            ended_at=tick(),
            first_content_at=None,
            failed=None,
            status=200,
            stream=False,
            usage=Usage(7, 3),
            nanodollars=None,
        )
        rooms.ledger.note(entry(work, key_id=5, on_behalf_of=work, model_row=model.id, provider_id=model.provider_id))
    rooms.ledger.flush()
    clock.advance(24 * 3600)
    Booking(rooms.ledger, model).hear(sample(0))
    found = rooms.own_work.days(first, clock.now().date(), provider_id=None, limit=100, offset=0)
    assert [(one.day == first, one.work, one.tokens) for one in found.spent] == [
        (False, BENCHMARKS, 15),
        *((True, work, 10) for work in sorted(OWN_WORK)),
    ]
    assert (found.totals.requests, found.totals.tokens, found.total) == (4, 45, 4)
    assert rooms.own_work.days(first, first, provider_id=model.provider_id + 1, limit=9, offset=0).spent == []
    assert rooms.own_work.today(model.provider_id).tokens == 15


@pytest.mark.parametrize(
    ("plan", "requests", "tokens"),
    [
        (Plan(), 21, 21 * 94),
        (Plan(requests=10, warmup=2, cold=3, prompt_tokens=100, max_tokens=50), 15, 15 * 150),
        (Plan(requests=10, warmup=0, sweep=Sweep(concurrency=(1, 2, 4))), 30, 30 * 94),
        (Plan(token_limit=100, concurrency=2), 21, 100 + 2 * 94),
    ],
)
def test_a_forecast_is_an_upper_bound(rooms: Rooms, model: Model, plan: Plan, requests: int, tokens: int) -> None:
    found = rooms.runs.forecast(model.id, plan)
    assert (found.requests, found.tokens, found.tokens_per_day, found.passes_cap) == (requests, tokens, None, False)
    assert found.cost_usd is not None


def test_it_says_when_the_cap_of_the_day_may_be_passed(rooms: Rooms, model: Model) -> None:
    rooms.providers.change(model.provider_id, ProviderChanges(check_schedule=CheckSchedule(60, 2_000)), BY)
    assert not rooms.runs.forecast(model.id, Plan()).passes_cap
    for number in range(2):
        Booking(rooms.ledger, model).hear(sample(number))
    found = rooms.runs.forecast(model.id, Plan())
    assert (found.passes_cap, found.spent_today.tokens, found.tokens_per_day) == (True, 30, 2_000)
    provider = rooms.providers.get(model.provider_id)
    assert not forecast(Plan(requests=1, warmup=0), model, provider, found.spent_today).passes_cap
