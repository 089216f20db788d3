"""A notice is made once for each state of its subject, inside whatever transaction it belongs to."""

import threading

from model_lineup.notices import store
from model_lineup.notices.shapes import Notice
from model_lineup.rooms import Rooms


def failing(state: str = "timeout", subject: str = "model 1") -> Notice:
    return Notice(kind="model_failing", subject=subject, state=state, text=f"{subject} fails.", details={"n": 1})


def told(rooms: Rooms) -> list[tuple[str, str]]:
    return [(one.subject, one.state) for one in reversed(rooms.notices.page(limit=100, offset=0).notices)]


def test_the_same_state_is_told_once_and_another_one_again(rooms: Rooms) -> None:
    assert [rooms.notices.tell(failing(state)) for state in ("timeout", "timeout", "auth", "timeout")] == [
        True,
        False,
        True,
        True,
    ]
    assert told(rooms) == [("model 1", "timeout"), ("model 1", "auth"), ("model 1", "timeout")]


def test_what_is_over_is_news_when_it_comes_again(rooms: Rooms) -> None:
    rooms.notices.tell(failing())
    with rooms.database.write_activity() as connection:
        store.over(connection, "model_failing", "model 1")
    assert rooms.notices.tell(failing())


def test_what_holds_now_is_settled_at_once(rooms: Rooms) -> None:
    one, two = failing(subject="model 1"), failing(subject="model 2")
    assert rooms.notices.settle("model_failing", [one, two]) == 2
    assert rooms.notices.settle("model_failing", [one, two]) == 0
    assert rooms.notices.settle("model_failing", [two]) == 0
    assert rooms.notices.settle("model_failing", [one, two]) == 1
    assert rooms.notices.settle("model_failing", []) == 0
    page = rooms.notices.page(limit=2, offset=0, kind="model_failing")
    assert (page.total, len(page.notices), page.notices[0].details) == (3, 2, {"n": 1})
    assert rooms.notices.page(limit=2, offset=0, kind="model_vanished").total == 0


def test_a_transaction_that_is_rolled_back_tells_nothing(rooms: Rooms) -> None:
    class Stop(Exception):
        pass

    try:
        with rooms.database.write_activity() as connection:
            assert store.tell(connection, failing(), 1)
            raise Stop
    except Stop:
        assert told(rooms) == []
    assert rooms.notices.tell(failing())


def test_many_at_once_tell_it_once(rooms: Rooms) -> None:
    news: list[bool] = []
    threads = [threading.Thread(target=lambda: news.append(rooms.notices.tell(failing()))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(news) == [False] * 5 + [True]
