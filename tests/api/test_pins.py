"""Every fact of a model can be pinned and given back, over the API."""

from typing import Any

import pytest

from model_lineup.api.pins import Facts
from model_lineup.catalog.facts import FIELDS, FURTHER, LISTS
from tests.fakes.server import Workbench

VALUES: dict[str, Any] = {
    "display_name": "Name",
    "description": "Text",
    "task": "embedding",
    "context_length": 5,
    "max_output_tokens": 6,
    "pricing": {"input_per_million": 1.0, "output_per_million": 2.0},
    "lifecycle": {"message": "Over soon."},
    "base_model": "gpt-4o",
    "model_version": "001",
    "owned_by": "acme",
    "knowledge_cutoff": "2026-01",
    "released_on": "2026-02-03",
    "expected_end": "2030-01-31",
}


def value_of(field: str) -> Any:
    return VALUES.get(field, ["a", "b"] if field in LISTS else False)


def test_there_is_a_pin_for_each_fact_that_there_is() -> None:
    assert tuple(Facts.model_fields) == (*FIELDS, *FURTHER)


def test_each_is_pinned_with_its_date_and_given_back(workbench: Workbench) -> None:
    model = workbench.model()
    here, admin = f"/api/admin/models/{model['id']}", workbench.admin
    before = admin.must("GET", here)["facts"]
    admin.must("PUT", here, {field: value_of(field) for field in Facts.model_fields})
    known = {one["field"]: one["effective"] for one in admin.must("GET", f"{here}/facts")["fields"]}
    assert {field: (fact["value"], fact["source"]) for field, fact in known.items()} == {
        field: (value_of(field), "pin") for field in Facts.model_fields
    }
    assert all(fact["at"] for fact in known.values())
    admin.must("PUT", here, dict.fromkeys(Facts.model_fields))
    after = admin.must("GET", here)["facts"]
    assert {field: fact["value"] for field, fact in after.items()} == {
        field: fact["value"] for field, fact in before.items()
    }
    assert "pin" not in {fact["source"] for fact in after.values()}


def test_the_order_of_words_is_no_difference(workbench: Workbench) -> None:
    model = workbench.model(parameters=["b", "a", "b"])
    assert model["facts"]["parameters"]["value"] == ["a", "b"]
    again = workbench.admin.must("PUT", f"/api/admin/models/{model['id']}", {"parameters": ["a", "b"]})
    assert again["version"] == model["version"]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("supports_pdf", "true"),
        ("input_modalities", []),
        ("input_modalities", "text"),
        ("parameters", ["x" * 61]),
        ("parameters", [""]),
        ("methods", [f"m{number}" for number in range(41)]),
        ("capabilities", ["a\u0000b"]),
        ("base_model", ""),
        ("base_model", "x" * 600),
        ("knowledge_cutoff", "2026-13"),
        ("knowledge_cutoff", "20260101"),
        ("released_on", "2026-W01-1"),
        ("expected_end", "soon"),
        ("expected_end", 2030),
        ("supports_everything", True),
    ],
)
def test_what_is_none_of_its_values_is_refused_at_its_field(workbench: Workbench, field: str, wrong: Any) -> None:
    model = workbench.model()
    answer = workbench.admin.put(f"/api/admin/models/{model['id']}", {field: wrong})
    assert answer.status == 422
    assert field in answer.json["errors"][0]["pointer"]
