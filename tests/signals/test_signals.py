"""What is said is heard once by everybody who listened."""

import pytest

from model_lineup.rooms import Rooms
from model_lineup.signals import store
from model_lineup.signals.signals import Ear, Signal


def test_everybody_who_listened_hears_each_signal_once_and_in_order(rooms: Rooms) -> None:
    rooms.signals.send(Signal("before", {}))
    ears = [Ear(rooms.database) for _ in range(2)]
    assert [ear.hear() for ear in ears] == [[], []]
    said = [Signal("told", {"number": number}) for number in range(3)]
    for signal in said:
        rooms.signals.send(signal)
    assert [ear.hear() for ear in ears] == [said, said]
    assert [ear.hear() for ear in ears] == [[], []]
    rooms.signals.send(said[0])
    assert ears[0].hear() == [said[0]]


def test_who_first_listened_in_silence_hears_the_first(rooms: Rooms) -> None:
    ear = Ear(rooms.database)
    assert ear.hear() == []
    rooms.signals.send(Signal("told", {}))
    assert ear.hear() == [Signal("told", {})]


def test_few_are_kept(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "KEPT", 8)
    ear = Ear(rooms.database)
    ear.hear()
    for number in range(12):
        rooms.signals.send(Signal("told", {"number": number}))
    assert [signal.subject["number"] for signal in ear.hear()] == list(range(4, 12))
