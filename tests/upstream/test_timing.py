"""The figures of a stream, and when they do not exist."""

import pytest

from model_lineup.upstream.timing import end_to_end, inter_token_latency, time_per_output_token, time_to_first_token


def test_ttft_counts_from_the_sending_to_the_first_content() -> None:
    assert time_to_first_token(10.0, [10.5, 11.0]) == 0.5
    assert time_to_first_token(10.0, []) is None


def test_e2e_counts_to_the_last_event() -> None:
    assert end_to_end(10.0, 12.0) == 2.0
    assert end_to_end(10.0, None) is None


def test_tpot_leaves_the_wait_for_the_first_token_out() -> None:
    assert time_per_output_token(2.0, 1.0, 11, events=11) == pytest.approx(0.1)


@pytest.mark.parametrize(("tokens", "events"), [(1, 5), (None, 5), (0, 5), (9, 1), (9, 0)])
def test_tpot_does_not_exist_where_no_pace_was_seen(tokens: int | None, events: int) -> None:
    assert time_per_output_token(2.0, 1.0, tokens, events) is None


def test_itl_is_every_gap() -> None:
    assert inter_token_latency([1.0, 1.5, 3.5]) == [0.5, 2.0]
    assert inter_token_latency([1.0]) == []
    assert inter_token_latency([]) == []


def test_itl_refuses_time_that_runs_backwards() -> None:
    with pytest.raises(ValueError, match="ascending"):
        inter_token_latency([2.0, 1.0])
