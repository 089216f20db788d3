"""The catalogue over the API and on the command line: a file in, a report out, and an earlier one back."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.server import Workbench

FILE = {"openai": {"models": {"gpt-one": {"id": "gpt-one", "limit": {"context": 1000}}, "odd": {}}}}


@pytest.fixture
def admin(workbench: Workbench) -> Any:
    return workbench.admin


def test_a_file_is_taken_with_a_report_and_can_be_taken_back(admin: Any) -> None:
    foretold = admin.must("POST", "/api/admin/catalog?dry_run=true&name=mine", FILE)
    assert (foretold["taken"], foretold["skipped"], foretold["dry_run"]) == (1, 1, True)
    assert foretold["skips"] == [{"entry": "openai/odd", "reason": "tells nothing that can be used"}]
    done = admin.must("POST", "/api/admin/catalog?name=mine", FILE)
    listed = admin.must("GET", "/api/admin/catalog")
    assert listed["packaged"].startswith("genai-prices ")
    assert (listed["catalogues"][0]["name"], listed["catalogues"][0]["in_use"]) == ("mine", True)
    assert done["catalogue"]["id"] == listed["catalogues"][0]["id"]
    assert admin.must("PUT", "/api/admin/catalog", {"id": None})["catalogue"] is None
    assert admin.must("PUT", "/api/admin/catalog", {"id": done["catalogue"]["id"]})["catalogue"]["in_use"] is True
    admin.must("PUT", "/api/admin/catalog", {"id": None})


def test_what_is_no_catalogue_answers_422_and_says_why(admin: Any) -> None:
    refused = admin.post("/api/admin/catalog", {"models": 1})
    assert refused.status == 422
    assert "none of the formats" in json.dumps(refused.json)
    assert admin.put("/api/admin/catalog", {"id": 10**9}).status == 404
    assert admin.post("/api/admin/catalog?dated=2999-01-01T00:00:00Z", FILE).status == 422


def test_a_file_of_more_members_than_a_body_may_have_is_read(admin: Any, tmp_path: Path) -> None:
    many = {f"m{n}": {"litellm_provider": "openai", "max_input_tokens": n + 1} for n in range(5_000)}
    assert admin.must("POST", "/api/admin/catalog?dry_run=true", many)["taken"] == 5_000
