"""From nothing to a proven model, against a real model server, on both databases: what Lineup is for.

The model server reports its own timings with each answer; a relay between the two keeps them, so that everything that
Lineup counts and measures can be compared with what the server itself said.
"""

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from model_lineup.demo.model_server import LocalModel
from tests.fakes.relay import Relay, relay
from tests.fakes.server import Client, Server, by_id, running_server

REQUESTS, MAX_TOKENS = 8, 16
LATE_MS = 15.0
"""What may lie between the server's clock and ours at the median: two processes and a relay on two busy cores."""
RATE_TOLERANCE = 0.15
TRIES = 5
"""Of a benchmark whose times disagree: something else may have had the processor between a token and its receipt."""


@pytest.fixture(params=["sqlite", "postgresql"])
def new_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    settings = {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("postgres_url")}
    with running_server(tmp_path, **settings) as server:
        yield server


@pytest.fixture
def between(local_model: LocalModel) -> Iterator[Relay]:
    host, _, port = local_model.address.removeprefix("http://").partition(":")
    with relay(host, int(port)) as running:
        yield running


def test_from_an_empty_server_to_a_model_that_is_registered_tested_and_benchmarked(
    new_server: Server, between: Relay, local_model: LocalModel
) -> None:
    admin = new_server.admin()
    model = fetched_model(admin, between.base_url, local_model)
    made_available(admin, model)

    generated_before = generated_tokens(local_model)
    tested = admin.must("POST", by_id(model["model_id"], "/test/connection"))
    assert (tested["passed"], tested["answered_model"]) == (True, local_model.model_id)
    generated = generated_tokens(local_model) - generated_before
    [greeting] = ended(between)
    assert greeting["usage"]["completion_tokens"] == generated

    for _ in range(TRIES):
        report, disagreements = benchmarked(admin, model, between, local_model)
        if not disagreements:
            break
    assert not disagreements or report["saturated"], disagreements  # a starved measurer says so
    shown = admin.must("GET", by_id(model["model_id"]))
    assert shown["status"] == "ok"
    assert shown["last_benchmark"]["ttft_ms_p50"] == report["ttft_ms"]["p50"]


def benchmarked(
    admin: Client, model: dict[str, Any], between: Relay, local_model: LocalModel
) -> tuple[dict[str, Any], list[str]]:
    """A report, whose counts are the server's, and in what its times are not."""
    generated_before = generated_tokens(local_model)
    plan = {"requests": REQUESTS, "max_tokens": MAX_TOKENS, "warmup": 1, "seed": 7}
    before = len(ended(between))
    report = admin.must("POST", by_id(model["model_id"], "/benchmark"), plan)
    generated = generated_tokens(local_model) - generated_before
    said = ended(between)[before:]
    assert len(said) == 1 + REQUESTS
    assert sum(one["usage"]["completion_tokens"] for one in said) == generated
    measured, samples = said[1:], samples_of(admin, report["run_id"])
    counts_agree(report, samples, measured)
    return report, disagree(report, samples, measured)


def ended(between: Relay) -> list[dict[str, Any]]:
    """The last event of each stream, which has usage and timings."""
    return [stream[-1] for stream in between.streams()]


def fetched_model(admin: Client, base_url: str, local_model: LocalModel) -> dict[str, Any]:
    body = {"name": "Local", "type": "openai", "base_url": base_url, "network_scope": "loopback"}
    provider = admin.must("POST", "/api/admin/providers", body)
    plan = admin.must("POST", f"/api/admin/providers/{provider['id']}/fetch?dry_run=true")
    assert [item["model_id"] for item in plan["added"]] == [local_model.model_id]
    assert admin.must("GET", "/api/admin/models")["total"] == 0
    admin.must("POST", f"/api/admin/providers/{provider['id']}/fetch")
    model: dict[str, Any] = admin.must("GET", by_id(local_model.model_id))
    assert (model["visible"], model["source"], model["status"]) == (False, "discovered", "untested")
    return model


def made_available(admin: Client, model: dict[str, Any]) -> None:
    hidden = admin.must("GET", f"/api/admin/resolve?name={model['model_id']}")
    assert (hidden["status"], hidden["code"]) == (404, "model_not_found")
    admin.must("PUT", by_id(model["model_id"]), {"visible": True})
    admin.must("POST", by_id(model["model_id"], "/aliases"), {"alias": "small"})
    meant = admin.must("GET", "/api/admin/resolve?name=SMALL")
    assert (meant["status"], meant["model"]["id"]) == (200, model["id"])


def generated_tokens(local_model: LocalModel) -> int:
    """llama.cpp's own counter."""
    with urllib.request.urlopen(f"{local_model.address}/metrics", timeout=10) as answer:
        found = re.search(r"^llamacpp:tokens_predicted_total (\d+)", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def samples_of(admin: Client, run_id: int) -> list[dict[str, Any]]:
    """The measured requests, in order, from the run's events."""
    events = admin.get(f"/api/admin/runs/{run_id}/events").body.decode()
    samples = [json.loads(line[6:]) for line in events.splitlines() if line.startswith('data: {"kind":"sample"')]
    return sorted((one for one in samples if one["number"] >= 0), key=lambda one: int(one["number"]))


def counts_agree(report: dict[str, Any], samples: list[dict[str, Any]], said: list[dict[str, Any]]) -> None:
    assert (report["succeeded"], report["failed"], report["token_source"]) == (REQUESTS, 0, "usage")
    for name in ("prompt_tokens", "completion_tokens"):
        assert [sample[name] for sample in samples] == [one["usage"][name] for one in said]
        assert report["usage"][name] == sum(one["usage"][name] for one in said)
    assert [sample["completion_tokens"] for sample in samples] == [one["timings"]["predicted_n"] for one in said]


def disagree(report: dict[str, Any], samples: list[dict[str, Any]], said: list[dict[str, Any]]) -> list[str]:
    """TTFT is the server's time for the prompt, the rate its tokens over its whole time; ours are never the shorter."""
    late = median(sample["ttft_ms"] - one["timings"]["prompt_ms"] for sample, one in zip(samples, said, strict=True))
    share = median(
        sample["output_tokens_per_s"] / rate_of(one["timings"]) for sample, one in zip(samples, said, strict=True)
    )
    rates = sorted(sample["output_tokens_per_s"] for sample in samples)
    assert rates[0] <= report["output_tokens_per_s"]["p50"] <= rates[-1]
    assert (late >= 0, share <= 1.01) == (True, True), (late, share)
    wrong = [f"the first token came {late:.1f} ms after the server's"] if late > LATE_MS else []
    return wrong + ([f"{share:.2f} of the server's rate"] if share < 1 - RATE_TOLERANCE else [])


def rate_of(timings: dict[str, Any]) -> float:
    """Tokens per second over the whole answer, as the server timed it."""
    return float(timings["predicted_n"] / (timings["prompt_ms"] + timings["predicted_ms"]) * 1000)
