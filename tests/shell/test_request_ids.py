"""The id by which a caller, the log and the journal mean the same request."""

import re

import pytest

from model_lineup.clock import wall_ns
from model_lineup.shell.requests import new_request_id
from tests.fakes.server import Server, Workbench


@pytest.mark.parametrize("given", ["abc", "A.b_c-1", "x" * 64])
def test_a_request_id_of_the_callers_own_comes_back(server: Server, given: str) -> None:
    answer = server.client().get("/api/nowhere", headers={"x-request-id": given})
    assert answer.headers["x-request-id"] == answer.json["request_id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\x7fb", "<script>", '"', "ü"])
def test_a_request_id_that_could_break_something_is_replaced(server: Server, given: str) -> None:
    answer = server.client().get("/api/nowhere", headers={"x-request-id": given})
    assert re.fullmatch(r"[0-9a-f]{24}", answer.headers["x-request-id"])


def test_new_ids_are_never_the_same_and_those_made_later_stand_behind() -> None:
    made = [new_request_id() for _ in range(1_000)]
    assert len(set(made)) == len(made)
    times = [one[:12] for one in made]
    assert times == sorted(times)
    assert abs(int(times[0], 16) / 1000 - wall_ns() / 1e9) < 5


def test_a_request_id_stands_in_the_journal(server: Server, workbench: Workbench) -> None:
    body = {"name": "Named", "type": "openai", "base_url": "https://api.example.com"}
    made = workbench.admin.must("POST", "/api/admin/providers", body, headers={"x-request-id": "my-own-id"})
    change = workbench.admin.must("GET", f"/api/admin/changes/{made['change_id']}")
    assert (change["request_id"], change["revision"]) == ("my-own-id", made["revision"])
