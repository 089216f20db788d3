"""The playground: steps, a streamed reply, and errors as callers get them."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.browser import violations
from tests.fakes.paced import Paced, paced
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import PASSWORD, Workbench


@pytest.fixture(scope="module")
def slow() -> Iterator[Paced]:
    with paced("--ttft-ms", "30", "--gap-ms", "60", "--tokens", "4000") as running:
        yield running


@pytest.fixture(scope="module")
def model(slow: Paced, workbench: Workbench) -> str:
    made = workbench.model(workbench.provider(slow.base_url)["id"], visible=True)
    return str(made["model_id"])


def _ledger(workbench: Workbench, name: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = workbench.admin.must("GET", f"/api/admin/usage/requests?name={name}")["requests"]
    return found


def test_a_reply_comes_token_by_token_and_is_stopped(admin_page: Page, workbench: Workbench, model: str) -> None:
    page = admin_page
    page.goto("/admin/playground")
    assert violations(page) == []
    page.get_by_label("Name", exact=True).fill(model)
    page.get_by_label("Message", exact=True).fill("Say something.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#steps")).to_contain_text(f"is answered by '{model}'")
    text = page.locator("#text")
    expect(text).not_to_be_empty()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#about")).to_contain_text("stopped, at the provider too")
    assert violations(page) == []
    deadline = time.monotonic() + 60
    while not (cut := _ledger(workbench, model)):  # the server hears of it a moment after the browser's own page
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [one["outcome"] for one in cut] == ["client_closed"]

    page.get_by_text("Instructions and length").click()
    page.get_by_label("Output tokens, at most").fill("5")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#about")).to_contain_text("5 out")
    expect(page.locator("#about")).to_contain_text("first text after")
    expect(page.locator("#about .status")).to_have_text("200")

    page.get_by_label("Name", exact=True).fill("nothing-of-the-kind")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#about .status")).to_have_text("404")
    expect(text).to_contain_text('"model_not_found"')


def test_without_scripts_the_whole_reply_comes_at_once(admin: Looker, workbench: Workbench, slow: Paced) -> None:
    assert "Say hello." in text_of(admin.get("/admin/playground"))  # one click is enough to see a first reply
    model = str(workbench.model(workbench.provider(slow.base_url)["id"], visible=True)["model_id"])
    admin.get("/admin/playground")
    fields = {"name": model, "caller": "user", "message": "Hello", "max_tokens": "3"}
    answer = admin.send("/admin/playground", fields)
    assert answer.status == 200
    said = text_of(answer)
    assert f"{model} at" in said
    assert "3 out" in said
    entry = _ledger(workbench, model)[0]
    assert entry["key"] is None
    assert entry["on_behalf_of"] == "playground"
    person = entry["person"]
    assert isinstance(person, dict)
    assert person["email"] == "admin@example.com"


def test_what_agents_may_not_call_is_refused_as_it_is_to_them(admin: Looker, workbench: Workbench, model: str) -> None:
    admin.get("/admin/playground")
    answer = admin.send("/admin/playground", {"name": model, "caller": "agent", "message": "x"})
    assert "model_not_enabled_for_agents" in text_of(answer)
    key = workbench.key("agent")["key"]
    body = {"model": model, "messages": [{"role": "user", "content": "x"}]}
    refused = workbench.admin.call("POST", "/v1/chat/completions", body, headers={"authorization": f"Bearer {key}"})
    assert str(refused.json["error"]["message"]) in text_of(answer)


def test_in_somebodys_place_their_groups_decide_and_the_visitor_asks(
    admin: Looker, workbench: Workbench, slow: Paced
) -> None:
    made = workbench.model(workbench.provider(slow.base_url)["id"], visible=True)
    model, person, key = str(made["model_id"]), workbench.person("user")[0], workbench.key("user")
    group = workbench.admin.must("POST", "/api/admin/groups", {"name": workbench.name("tasters")})
    workbench.admin.must("PUT", f"/api/admin/models/{made['id']}", {"groups": [group["id"]]})
    workbench.admin.must("POST", f"/api/admin/groups/{group['id']}/members", {"people": [person["id"]]})
    admin.get("/admin/playground")
    fields = {"name": model, "caller": "user", "message": "Hello", "max_tokens": "3"}
    kept_from = text_of(admin.send("/admin/playground", {**fields, "whom": str(key["id"])}))
    assert "is limited to groups, and this caller is not in them" in kept_from
    assert f"only for {group['name']}" in kept_from
    assert "model_not_found" in kept_from, "the reply is the one that the key would get, too"
    let_in = text_of(admin.send("/admin/playground", {**fields, "whom": person["email"]}))
    assert "3 out" in let_in
    entry = next(one for one in _ledger(workbench, model) if one["outcome"] == "completed")
    asked_by = entry["person"]
    assert isinstance(asked_by, dict)
    assert (asked_by["email"], entry["key"]) == ("admin@example.com", None)
    nobody = admin.send("/admin/playground", {**fields, "whom": "nobody@example.com"})
    assert (nobody.status, b'id="wrong-whom"' in nobody.body) == (422, True)
    steps = admin.get(f"/admin/playground/steps?name={model}&whom=nobody@example.com")
    assert "nobody has the address" in text_of(steps)
    both = f"/api/admin/resolve?name={model}&key_id={key['id']}&person_id={person['id']}"
    assert workbench.admin.call("GET", both).status == 422
    assert workbench.admin.call("GET", f"/api/admin/resolve?name={model}&person_id=999999").status == 404
    asked = workbench.admin.must("GET", f"/api/admin/resolve?name={model}&person_id={person['id']}&as=agent")
    assert (asked["status"], asked["caller"]) == (403, "agent")


@pytest.mark.parametrize("field", ["name", "message", "max_tokens"])
def test_what_is_missing_is_said_at_its_field(admin: Looker, field: str) -> None:
    admin.get("/admin/playground")
    fields = {"name": "x", "message": "kept words", "max_tokens": "5", field: "" if field != "max_tokens" else "0"}
    answer = admin.send("/admin/playground", fields)
    assert answer.status == 422
    assert f'id="wrong-{field}"' in answer.body.decode()
    assert field == "message" or "kept words" in text_of(answer)


def test_a_viewer_sees_steps_and_sends_nothing(workbench: Workbench, stranger: Looker, model: str) -> None:
    made, _ = workbench.person("viewer")
    stranger.sign_in(made["email"], PASSWORD)
    said = text_of(stranger.get(f"/admin/playground?name={model}&as=agent"))
    assert "model_not_enabled_for_agents" in said
    assert stranger.send("/admin/playground", {"name": model, "message": "x"}).status == 403
    assert stranger.send("/admin/playground/stream", {"name": model, "message": "x"}).status == 403
    hostile = stranger.get("/admin/playground?name=%3Cscript%3Ealert(1)%3C/script%3E").body
    assert b"<script>alert" not in hostile
