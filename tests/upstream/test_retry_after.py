"""How long a provider asks to be left alone, in every form that was seen."""

from datetime import UTC, datetime

import pytest

from model_lineup.upstream.contract import Ask, Target
from model_lineup.upstream.exchange import converse
from model_lineup.upstream.retry_after import seconds_to_wait
from tests.fakes.faults import Faults
from tests.fakes.running import with_client

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
FORMS: dict[str, float | None] = {
    "7": 7,
    " 7 ": 7,
    "0": 0,
    "0.5": 0.5,
    "-1": 0,
    "1000000000": 3600,
    "9" * 5000: 3600,
    "Mon, 23 Nov 2026 12:00:30 GMT": 30,
    "Mon, 23 Nov 2026 12:00:30 -0000": 30,
    "Mon, 23 Nov 2026 11:00:00 GMT": 0,
    "Fri, 31 Dec 2100 23:59:59 GMT": 3600,
    "soon": None,
    "1e3": None,
    "nan": None,
    "7, 9": None,
    "\xb2": None,
    "": None,
    "99 Foo 99999 99:99:99": None,
}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[:30])
def test_a_form_says_so_many_seconds_or_nothing(form: str) -> None:
    assert seconds_to_wait(form, None, NOW) == FORMS[form]


def test_no_header_says_nothing() -> None:
    assert seconds_to_wait(None, None, NOW) is None


def test_a_date_is_compared_with_the_clock_of_the_server_that_sent_it() -> None:
    """Here it is 20 minutes fast."""
    until, date = "Mon, 23 Nov 2026 12:20:30 GMT", "Mon, 23 Nov 2026 12:20:00 GMT"
    assert seconds_to_wait(until, date, NOW) == 30
    assert seconds_to_wait(until, "rubbish", NOW) == 1230


@pytest.mark.parametrize(
    ("case", "waits"),
    [
        ("retry-after-seconds", 7),
        ("retry-after-forever", 3600),
        ("retry-after-digits", 3600),
        ("retry-after-negative", 0),
        ("retry-after-past", 0),
        ("retry-after-date", 3600),
        ("retry-after-fraction", 0.5),
        ("retry-after-garbage", None),
        ("too-many-requests", None),
        ("service-unavailable", 30),
    ],
)
def test_a_failure_carries_it_and_its_hint_says_it(faults: Faults, case: str, waits: float | None) -> None:
    endpoint = faults.one(case).endpoint("openai", "test", "k")
    failure = with_client(lambda client: converse(client, Target(endpoint, "drill"), Ask.of("hi"))).failure
    assert failure is not None
    assert failure.retry_after_s == waits
    assert (f"wait {waits:g} s" in failure.hint) if waits is not None else ("asks to wait" not in failure.hint)
