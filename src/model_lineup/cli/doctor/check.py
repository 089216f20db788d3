"""What one check found."""

from typing import Literal, NamedTuple

State = Literal["ok", "warn", "fail"]
MARKS: dict[State, tuple[str, str]] = {"ok": ("ok", ""), "warn": ("warn", "yellow"), "fail": ("FAIL", "bold red")}


class Check(NamedTuple):
    """`remedy` says what to do; empty where nothing has to be done."""

    name: str
    state: State
    finding: str
    remedy: str = ""


def ok(name: str, finding: str) -> Check:
    return Check(name, "ok", finding)


def warned(name: str, finding: str, remedy: str) -> Check:
    return Check(name, "warn", finding, remedy)


def failed(name: str, finding: str, remedy: str = "") -> Check:
    return Check(name, "fail", finding, remedy)
