"""What waits for its turn, over the API: any worker's, seen and cancelled by anyone who may."""

from typing import Any

from tests.fakes.provider import HANG, fake_provider
from tests.fakes.server import Workbench


def test_tests_that_wait_or_are_under_way_are_listed_and_end_when_somebody_says_so(workbench: Workbench) -> None:
    with fake_provider() as provider:
        provider.answer("/chat/completions", [HANG])
        rows = [workbench.model(workbench.provider(provider.base_url)["id"]) for _ in range(6)]
        ids = [row["id"] for row in rows]
        body = {"model_ids": ids, "capabilities": ["stop"]}
        begun = workbench.admin.must("POST", "/api/admin/models/bulk/test-capabilities", body)
        assert begun["begun"] == ids
        assert workbench.admin.must("POST", "/api/admin/models/bulk/test-capabilities", body)["begun"] == []
        listed = [one for one in _turns(workbench) if one["model"] in ids]
        assert [one["model"] for one in listed] == ids
        assert {one["asked"][0] for one in listed} == {"stop"}
        last = listed[-1]["id"]
        assert workbench.admin.must("DELETE", f"/api/admin/turns?id={last}") == {"cancelled": 1}
        assert workbench.admin.must("DELETE", f"/api/admin/turns?id={last}") == {"cancelled": 0}
        assert workbench.admin.must("DELETE", "/api/admin/turns?kind=capabilities")["cancelled"] >= 5
        assert not [one for one in _turns(workbench) if one["model"] in ids]


def _turns(workbench: Workbench) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workbench.admin.must("GET", "/api/admin/turns?kind=capabilities")["turns"]
    return found
