"""Proving what models can do, in the panel: on a model's page, and for many at once with the cost told before."""

import re
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from tests.fakes.honest import honest, refused
from tests.fakes.pages import Looker, text_of
from tests.fakes.provider import FakeProvider, fake_provider
from tests.fakes.server import Answer, Workbench


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        running.answer("/chat/completions", lambda got: honest(got.json, Random(0)))
        yield running


@pytest.fixture
def model(workbench: Workbench, provider: FakeProvider) -> dict[str, Any]:
    at = workbench.provider(provider.base_url, network_scope="loopback")
    return workbench.model(at["id"], supports_tools=False, pricing={"input_per_million": 1, "output_per_million": 2})


def until(look: Callable[[], Answer], holds: Callable[[str], bool]) -> str:
    """The page's text when it says so; tests of ten capabilities take a moment."""
    deadline = time.monotonic() + 60
    while not holds(said := text_of(look())):
        assert time.monotonic() < deadline, said
        time.sleep(0.05)
    return said


def test_a_model_is_tested_on_its_page_which_shows_each_verdict_with_evidence(
    admin: Looker, model: dict[str, Any]
) -> None:
    page = f"/admin/models/{model['id']}"
    before = text_of(admin.get(page))
    assert "not tested" in before
    assert re.search(r"11 requests, at most about .* tokens, about \$0\.0\d+ at most", before)
    admin.follow(admin.send(f"{page}/capabilities", {}))
    known = "yes: streaming, tools, streamed tools, vision"
    done = lambda text: "Being tested now" not in text and "not tested" not in text and known in text  # noqa: E731
    said = until(lambda: admin.get(page), done)
    assert "no is set here by hand" in said
    assert "Both numbers were read from their pictures." in said
    assert "Came back with 200" in said
    assert "contradicted" in text_of(admin.get(f"/admin/models?q={model['model_id']}"))


def test_many_are_tested_together_after_their_cost_was_told(
    admin: Looker, model: dict[str, Any], workbench: Workbench, provider: FakeProvider
) -> None:
    other = workbench.model(model["provider_id"])
    provider.answer("/chat/completions", lambda got: refused("This model does not support tools, images or streams."))
    chosen = admin.send(
        "/admin/models/bulk", {"action": "capabilities", "ids": [model["id"], other["id"]], "filter": ""}
    )
    address = chosen.headers["location"]
    assert "22 requests" in text_of(admin.get(address))
    assert "1 model without a known price" in text_of(admin.get(address))
    admin.follow(admin.send("/admin/runs/capabilities", {"model": [model["id"], other["id"]]}))
    said = until(lambda: admin.get(address), lambda text: "under way" not in text and "not tested" not in text)
    assert said.count("undecided") >= 2
    assert admin.send("/admin/runs/capabilities", {"model": []}).status == 422
