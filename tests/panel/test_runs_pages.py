"""Tests & Benchmarks: new runs, live rows and charts, cancelling, reports, comparison, connection tests of many."""

import html
import re
import threading
import time
import tomllib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.browser import violations
from tests.fakes.held import Held
from tests.fakes.paced import Paced, paced
from tests.fakes.pages import Looker, text_of
from tests.fakes.provider import Answer, Got, fake_provider, hello, reply
from tests.fakes.server import PASSWORD, Server, Workbench, by_id
from tests.fakes.server import Answer as Read


@pytest.fixture(scope="session")
def slow() -> Iterator[Paced]:
    """First token after 60 ms, the next every 5 ms."""
    with paced("--ttft-ms", "60", "--gap-ms", "5", "--tokens", "12") as running:
        yield running


@pytest.fixture(scope="session")
def model(slow: Paced, workbench: Workbench) -> dict[str, object]:
    return workbench.model(workbench.provider(slow.base_url)["id"], visible=True)


@pytest.fixture
def idle_model(slow: Paced, workbench: Workbench) -> dict[str, object]:
    """One that no other test measures: of a model one run goes on at a time."""
    return workbench.model(workbench.provider(slow.base_url)["id"], visible=True)


@pytest.fixture(scope="session")
def measured(workbench: Workbench, model: dict[str, object]) -> list[int]:
    """Two runs that have ended."""
    plans = ({"requests": 4, "concurrency": 4, "max_tokens": 4}, {"requests": 3, "rate": 50, "max_tokens": 2})
    address = by_id(str(model["model_id"]), "/benchmark")
    return [workbench.admin.must("POST", address, plan)["run_id"] for plan in plans]


def _wait_for(admin: Looker, path: str, words: str, *, within_s: float = 60) -> str:
    deadline = time.monotonic() + within_s
    while words not in (said := text_of(admin.get(path))):
        assert time.monotonic() < deadline, said
        time.sleep(0.1)
    return said


def test_a_benchmark_is_started_followed_and_cancelled_in_a_browser(admin_page: Page, model: dict[str, object]) -> None:
    page = admin_page
    page.goto("/admin/runs")
    page.get_by_role("link", name="New test or benchmark").first.click()
    held = Held(page, "**/runs/new/models")
    box = page.get_by_role("checkbox", name=str(model["model_id"]), exact=False).first
    for words, is_late in ((str(model["model_id"]), False), ("nothing has this", True)):
        page.get_by_label("Search models").fill(words)
        held.wait()
        if is_late:
            box.check()  # before the answer comes, which knows nothing of it
        with page.expect_response("**/runs/new/models"):
            held.let_go()
    expect(page.get_by_text("No model has that in its name.")).to_be_visible()
    expect(box).to_be_checked()
    assert violations(page) == []
    page.get_by_label("Requests", exact=True).fill("4000")
    page.get_by_label("Output tokens, at most").fill("8")
    page.get_by_role("button", name="Start benchmark").click()
    page.wait_for_url(re.compile(r"/admin/runs/\d+$"))
    expect(page.locator(".live-chart canvas")).to_be_visible()
    expect(page.locator("[data-done]")).to_have_text(re.compile(r"^([4-9]|\d\d+)$"))
    assert violations(page) == []
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("cancelled", exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="Over the run.")).to_be_visible()
    assert violations(page) == []


def test_what_a_plan_costs_is_told_and_passing_a_cap_asks_first(
    admin: Looker, workbench: Workbench, model: dict[str, object]
) -> None:
    path = f"/api/admin/providers/{model['provider_id']}"
    form = {"ids": str(model["id"]), "requests": "9", "max_tokens": "2", "warmup": "0"}
    admin.get("/admin/runs/new")
    said = text_of(admin.send("/admin/runs/new", {**form, "do": "cost"}))
    assert "At most 9 requests and 288 tokens; price unknown." in said
    workbench.admin.must("PUT", path, {"check_schedule": {"every_minutes": 43_200, "tokens_per_day": 1}})
    try:
        asked = text_of(admin.send("/admin/runs/new", {**form, "do": "benchmark"}))
        assert "This may pass a daily cap" in asked
        assert "Start anyway" in asked
    finally:
        workbench.admin.must("PUT", path, {"check_schedule": None})


def test_the_list_follows_what_runs(admin_page: Page, workbench: Workbench, model: dict[str, object]) -> None:
    address = by_id(str(model["model_id"]), "/benchmark")
    plan = {"requests": 4_000, "max_tokens": 4}
    run = workbench.admin.must("POST", address, plan, headers={"prefer": "respond-async"})
    admin_page.goto(f"/admin/runs?model={model['id']}")
    row = admin_page.locator(f'[data-run="{run["id"]}"]')
    expect(row.locator("progress")).to_be_visible()
    admin_page.locator(f'[data-run="{run["id"]}"] input').first.check()
    workbench.admin.must("DELETE", f"/api/admin/runs/{run['id']}")
    expect(row.get_by_text("cancelled")).to_be_visible()
    expect(row.get_by_role("checkbox")).to_be_checked()
    assert violations(admin_page) == []


def test_a_report_says_what_cannot_be_told_of_so_few(admin: Looker, measured: list[int]) -> None:
    answer = admin.get(f"/admin/runs/{measured[0]}")
    said = text_of(answer)
    assert "A p95 needs 20 values and a p99 needs 100" in said
    assert 'title="4 values are too few"' in answer.body.decode()
    for words in ("closed loop, 4 at a time", "Counted bythe provider", "Succeeded4 / 4", "Time stamps"):
        assert words in said
    assert "<svg" in answer.body.decode()
    assert "<table" in answer.body.decode()


def test_a_run_of_which_requests_failed_has_a_page_like_any_other(admin: Looker, workbench: Workbench) -> None:
    with fake_provider() as broken:
        broken.answer("/chat/completions", reply({"error": {"message": "<b>no</b>"}}, status=500))
        model = workbench.model(workbench.provider(broken.base_url)["id"], visible=True)
        plan = {"requests": 3, "max_tokens": 2, "warmup": 0}
        address = by_id(str(model["model_id"]), "/benchmark")
        run, other = (workbench.admin.must("POST", address, plan)["run_id"] for _ in range(2))
    for path in (f"/admin/runs/{run}", f"/admin/runs/compare?id={run}&id={other}", f"/admin/models/{model['id']}"):
        assert admin.get(path).status == 200
    assert "Succeeded0 / 3" in text_of(admin.get(f"/admin/runs/{run}"))


def test_runs_stand_side_by_side_and_what_was_not_alike_is_said(admin: Looker, measured: list[int]) -> None:
    one, other = measured
    said = text_of(admin.get(f"/admin/runs/compare?id={one}&id={other}"))
    assert "They were not measured alike: requests, concurrency, rate, max tokens." in said
    assert f"Run {one}" in said
    assert f"Run {other}" in said
    assert admin.get(f"/admin/runs/compare?id={one}").status == 303
    assert admin.get(f"/admin/runs/compare?id={one}&id=9999999").status == 404


def test_a_benchmark_without_scripts(admin: Looker, model: dict[str, object]) -> None:
    page = admin.get(f"/admin/runs/new?model={model['id']}")
    assert b"checked" in page.body
    answer = admin.send("/admin/runs/new", {"ids": model["id"], "do": "benchmark", "requests": "2", "max_tokens": "2"})
    assert re.fullmatch(r"/admin/runs/\d+", answer.headers["location"]), answer
    assert "finished" in _wait_for(admin, answer.headers["location"], "Succeeded2 / 2")
    again = re.search(rb'href="[^"]*(/runs/new\?model=[^"]+)"', admin.get(answer.headers["location"]).body)
    assert again is not None
    assert b"requests=2" in again[1]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"requests": "0"}, "must be"),
        ({"requests": "many"}, "must be a whole number"),
        ({"rate": "5", "concurrency": "3"}, "open loop"),
        ({"ids": []}, "tick at least one model"),
        ({"max_tokens": "99999999"}, "Input"),
    ],
)
def test_a_wrong_plan_is_shown_again_at_its_field(
    admin: Looker, model: dict[str, object], fields: dict[str, str], said: str
) -> None:
    admin.get("/admin/runs/new")
    answer = admin.send("/admin/runs/new", {"ids": model["id"], "do": "benchmark", "seed": "77", **fields})
    assert answer.status == 422
    assert b'role="alert"' in answer.body
    assert said in text_of(answer) or said == "Input"
    assert b'value="77"' in answer.body


def test_a_model_that_is_measured_already_is_told(
    admin: Looker, workbench: Workbench, model: dict[str, object]
) -> None:
    prefer = {"prefer": "respond-async"}
    address = by_id(str(model["model_id"]), "/benchmark")
    run = workbench.admin.must("POST", address, {"requests": 3_000}, headers=prefer)
    admin.get("/admin/runs/new")
    answer = admin.send("/admin/runs/new", {"ids": model["id"], "do": "benchmark"})
    assert answer.status == 409
    assert f"by run {run['id']}" in text_of(answer)
    answer = admin.send(f"/admin/runs/{run['id']}/cancel")
    assert answer.headers["location"] == f"/admin/runs/{run['id']}"
    _wait_for(admin, f"/admin/runs/{run['id']}", "cancelled")


def test_more_than_may_run_at_a_time_wait_for_their_turn(admin: Looker, slow: Paced, workbench: Workbench) -> None:
    seen = threading.Event()

    def when_both_wait(_: Got) -> Answer:
        assert seen.wait(60)
        return hello()

    with fake_provider() as held:
        held.answer("/chat/completions", when_both_wait)
        provider, later = workbench.provider(held.base_url)["id"], workbench.provider(slow.base_url)["id"]
        rows = [workbench.model(one)["id"] for one in (provider, provider, later, later)]
        admin.get("/admin/runs/new")
        fields = {"ids": rows, "do": "benchmark", "requests": "2", "warmup": "0", "max_tokens": "2"}
        said = text_of(admin.follow(admin.send("/admin/runs/new", fields)))
        seen.set()
        for row in rows[:2]:
            _wait_for(admin, f"/admin/runs?model={row}&state=finished", "1–1 of 1")
    assert "2 benchmarks started, 2 waiting for their turn" in said
    assert "2 benchmarks waiting" in said
    for row in rows[2:]:
        _wait_for(admin, f"/admin/runs?model={row}&state=finished", "1–1 of 1")


def test_connections_of_many_models_are_tested_and_narrowed(admin: Looker, slow: Paced, workbench: Workbench) -> None:
    good, bad = workbench.model(workbench.provider(slow.base_url)["id"]), workbench.model()
    answer = admin.send("/admin/runs/new", {"ids": [good["id"], bad["id"]], "do": "test"})
    where = answer.headers["location"]
    said = _wait_for(admin, where, "All 2Passed 1Failed 1")
    assert "failed at connect" in said
    assert "answered as" in said  # the paced provider always says its own name
    narrowed = text_of(admin.get(f"{where}&show=failed"))
    assert bad["model_id"] in narrowed
    assert good["model_id"] not in narrowed
    assert b"<html" not in admin.get(where, hx_request="true").body


def test_models_that_were_marked_elsewhere_are_chosen(admin: Looker, model: dict[str, object]) -> None:
    answer = admin.send("/admin/runs/new", {"ids": [model["id"], 999_999]})
    assert answer.status == 200
    assert f'value="{model["id"]}" checked' in answer.body.decode()
    assert "1 chosen model not there any more" in text_of(answer)
    assert admin.send("/admin/runs/new", {"ids": list(range(1, 200)), "do": ""}).status == 422


def test_a_viewer_sees_runs_and_starts_none(
    workbench: Workbench, stranger: Looker, measured: list[int], model: dict[str, object]
) -> None:
    made, _ = workbench.person("viewer")
    stranger.sign_in(made["email"], PASSWORD)
    assert "New test" not in text_of(stranger.get("/admin/runs"))
    assert stranger.get(f"/admin/runs/{measured[0]}").status == 200
    assert stranger.get("/admin/runs/new").status == 403
    assert stranger.send("/admin/runs/new", {"ids": model["id"], "do": "benchmark"}).status == 403
    assert stranger.send(f"/admin/runs/{measured[0]}/cancel").status == 403


def test_the_stream_goes_on_where_it_was_cut_and_ends_with_the_session(
    server: Server, admin: Looker, workbench: Workbench, model: dict[str, object], measured: list[int]
) -> None:
    whole = admin.get(f"/admin/runs/{measured[0]}/events")
    assert whole.headers["content-type"].startswith("text/event-stream")
    assert b"event: finished" in whole.body
    rest = admin.get(f"/admin/runs/{measured[0]}/events", last_event_id="3")
    assert rest.body.startswith(b"id: 4\n")
    assert server.client().get(f"/admin/runs/{measured[0]}/events").status == 303

    address = by_id(str(model["model_id"]), "/benchmark")
    run = workbench.admin.must("POST", address, {"requests": 3_000}, headers={"prefer": "respond-async"})
    cookie = "; ".join(f"{name}={value}" for name, value in admin.cookies.items())
    head = f"GET /admin/runs/{run['id']}/events HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n"
    with server.raw(head.encode(), timeout_s=60) as stream:
        assert b"text/event-stream" in stream.recv(65536)
        admin.send("/admin/sign-out")
        while piece := stream.recv(65536):
            if piece.endswith(b"0\r\n\r\n"):
                break
    assert workbench.admin.must("GET", f"/api/admin/runs/{run['id']}")["state"] == "running"
    workbench.end_run(run["id"])


def test_two_runs_of_one_plan_have_a_verdict_and_one_can_be_the_baseline(
    admin: Looker, workbench: Workbench, idle_model: dict[str, object]
) -> None:
    plan = {"requests": 10, "max_tokens": 2, "warmup": 0, "slo": {"e2e_ms": 9000}, "cold": 1, "name": "<b>nightly"}
    address = by_id(str(idle_model["model_id"]), "/benchmark")
    one, other = (workbench.admin.must("POST", address, plan)["run_id"] for _ in range(2))
    assert "No baseline is pinned for this model and plan." in text_of(admin.get(f"/admin/runs/{one}"))
    admin.send(f"/admin/runs/{one}/baseline", {"pinned": "yes"})
    said = text_of(admin.get(f"/admin/runs/{other}"))
    for words in (f"Run {other} beside run {one}, the baseline", "10 of 10: 100.0", "1 of 1 succeeded", "<b>nightly"):
        assert words in said
    assert "Two have a verdict" not in said
    assert f"Run {other} beside run {one}" in text_of(admin.get(f"/admin/runs/compare?id={other}&id={one}"))
    history = admin.get(f"/admin/models/{idle_model['id']}")
    assert b"<svg" in history.body
    for words in ("Time to first token, median", "Output tokens/s of a request, median", f"Run {one}", f"Run {other}"):
        assert words in text_of(history)
    page = admin.get(f"/admin/runs/{other}/file?format=html")
    assert page.headers["content-disposition"] == f'attachment; filename="run-{other}.html"'
    assert "sandbox" in page.headers["content-security-policy"]
    admin.send(f"/admin/runs/{one}/baseline", {"pinned": "no"})
    assert "No baseline is pinned" in text_of(admin.get(f"/admin/runs/{other}"))


def test_a_sweep_is_started_from_the_form_and_shows_its_steps(admin: Looker, idle_model: dict[str, object]) -> None:
    form = {"ids": str(idle_model["id"]), "requests": "4", "max_tokens": "2", "do": "benchmark", "slo_e2e_ms": "9000"}
    refused = admin.send("/admin/runs/new", {**form, "sweep_concurrency": "4, 1"})
    assert (refused.status, "must ascend" in text_of(refused)) == (422, True)
    refused = admin.send("/admin/runs/new", {**form, "sweep_concurrency": "4, x"})
    assert "write the loads like 1, 2, 4, 8" in text_of(refused)
    started = admin.send("/admin/runs/new", {**form, "sweep_concurrency": "1, 2"})
    path = started.headers["location"]
    said = _wait_for(admin, path, "Sweep")
    assert re.search(r"(The knee is at|No step met the stop rule)", said)
    assert "sweep of requests at a time" in said


PLAN_FILE = """name = "nightly"
requests = 15
warmup = 0
arrivals = "poisson"

[slo]
ttft_ms = 250.5

[sweep]
rate = [1, 2.5, 10]
least_gain = 0.2
"""


def _inputs(answer: Read) -> dict[str, str]:
    found = re.findall(r'<input class="input"[^>]* name="([a-z_]+)"[^>]*?value="([^"]*)"', answer.body.decode())
    return dict(found)


def test_a_plan_in_a_file_fills_the_form_and_is_saved_as_one_again(admin: Looker, model: dict[str, object]) -> None:
    admin.get("/admin/runs/new")
    answer = admin.upload("/admin/runs/new/plan", {"ids": model["id"]}, file=PLAN_FILE.encode())
    assert answer.status == 200
    assert "The plan was read" in text_of(answer)
    said = _inputs(answer)
    wanted = {"name": "nightly", "requests": "15", "warmup": "0", "slo_ttft_ms": "250.5", "sweep_rate": "1, 2.5, 10"}
    assert {name: said[name] for name in wanted} == wanted
    assert f'value="{model["id"]}" checked' in answer.body.decode()
    saved = admin.send("/admin/runs/new", {**said, "ids": model["id"], "arrivals": "poisson", "do": "save"})
    assert 'filename="plan.toml"' in saved.headers["content-disposition"]
    plan = tomllib.loads(saved.body.decode())
    assert plan["sweep"] == {"rate": [1, 2.5, 10], "least_gain": 0.2}
    assert (plan["name"], plan["requests"], plan["slo"]) == ("nightly", 15, {"ttft_ms": 250.5})
    again = admin.send("/admin/runs/new/plan", {"text": saved.body.decode()})
    assert _inputs(again)["sweep_rate"] == "1, 2.5, 10"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("requests = 3\nconcurrency = 9000", "plan:2: concurrency: "),
        ("requests = ", "plan:1: this is no TOML"),
        ('{"requests": 3,\n "rates": 4}', "plan:2: rates: "),
        ("[1]", "a plan is an object"),
        ("rate = 3\nconcurrency = 4", "plan:1: rate: is open loop and excludes concurrency"),
        ("", "Choose a file, or enter a plan."),
        ("seed = 2020-01-01", "must be text or a finite number"),
    ],
)
def test_a_file_that_is_no_plan_is_told_with_its_lines(admin: Looker, text: str, words: str) -> None:
    admin.get("/admin/runs/new")
    answer = admin.send("/admin/runs/new/plan", {"text": text})
    assert answer.status == 422
    assert words in text_of(answer)
    assert text in html.unescape(answer.body.decode()), "what was entered stays"
