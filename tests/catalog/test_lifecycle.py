"""What is understood of a model's end, in whatever words it is said."""

from datetime import UTC, datetime
from typing import Any

import pytest

from model_lineup.catalog.lifecycle import Notice, notice_of

AT = datetime(2026, 5, 1, tzinfo=UTC)
AT_S = int(AT.timestamp())
NEW_YEAR = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "said", ["2027-01-01", "2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00", "2027-01-01T00:00:00", NEW_YEAR]
)
def test_dates_of_every_form_are_the_same_moment(said: Any) -> None:
    for word in ("retires_at", "sunset_at"):
        assert notice_of({word: said}, AT) == Notice(deprecated_at=AT_S, sunset_at=NEW_YEAR)


@pytest.mark.parametrize("odd", ["soon", "2027-13-01", -5, 10**15, True, 1.5, [], None])
def test_what_cannot_be_read_counts_as_not_said(odd: Any) -> None:
    assert notice_of({"retires_at": odd}, AT) is None


def test_an_administrators_words_and_a_lists() -> None:
    lifecycle = {"message": "Use b.", "deprecated_at": "2026-02-01", "sunset_at": "2027-01-01", "successor_id": 7}
    said = notice_of(lifecycle, AT)
    assert said == Notice(int(datetime(2026, 2, 1, tzinfo=UTC).timestamp()), NEW_YEAR, "Use b.", 7)
    told = notice_of({"state": "deprecated", "replacement": "b"}, AT)
    assert told == Notice(deprecated_at=AT_S, replacement="b")


def test_a_model_that_is_alive_has_no_notice_and_one_that_is_retired_says_so() -> None:
    assert notice_of({}, AT) is None
    assert notice_of({"state": "active"}, AT) is None
    assert notice_of({"state": "retired"}, AT) == Notice(deprecated_at=AT_S, retired=True)


def test_an_end_before_it_was_told_was_no_later_deprecation() -> None:
    assert notice_of({"retires_at": AT_S - 5}, AT) == Notice(deprecated_at=AT_S - 5, sunset_at=AT_S - 5)
