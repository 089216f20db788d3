"""What else a page of the panel can look like: empty, refused, failing, asking, going on, or seen by a viewer.

    with stage(showcase) as on:
        for state in STATES:
            reach(page, on, state)

tools/screenshots.py has the pages as they are when all is well; this has the rest. Tests ask axe-core about each.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from playwright.sync_api import FilePayload, Page, expect

from tests.fakes.pages import Looker
from tests.fakes.provider import FakeProvider, fake_provider, reply
from tests.fakes.server import EMAIL, PASSWORD, Client, Server, by_id
from tests.fakes.showcase import Showcase

LONG_RUN = {"requests": 4_000, "max_tokens": 24, "concurrency": 2, "warmup": 0, "seed": 7}
PATIENCE_MS = 60_000
"""On a machine that does much else."""
CATALOGUE = b'{"openai": {"models": {"good": {"limit": {"context": 9}}, "odd": {"limit": {"context": "many"}}}}}'
GOOD, LIST = {"data": [{"id": "one"}, {"id": "two"}]}, "/models"


@dataclass
class Stage:
    """The servers that states are shown on. `rows` stand for rows in paths; `cookies` of one visitor of each role at
    the full server, and as `new` of the administrator of the one that is empty."""

    full: Server
    empty: Server
    admin: Client
    provider: FakeProvider
    rows: dict[str, int]
    cookies: dict[str, dict[str, str]]
    made: dict[str, int] = field(default_factory=dict)

    def add_provider(self, name: str, **more: Any) -> int:
        """One that has this name; at the fake provider, unless `more` says where."""
        if name not in self.made:
            place = {"type": "openai", "base_url": self.provider.base_url, "network_scope": "loopback"}
            self.made[name] = self.admin.must("POST", "/api/admin/providers", {"name": name, **place, **more})["id"]
        return self.made[name]

    def run(self, row: str) -> int:
        """A benchmark of this row that goes on for long."""
        model = self.admin.must("GET", f"/api/admin/models/{self.rows[row]}")["model_id"]
        later = {"prefer": "respond-async"}
        begun = self.admin.must("POST", by_id(model, "/benchmark"), LONG_RUN, headers=later)
        return int(begun["id"])

    def become(self, page: Page, who: str) -> None:
        """Nobody else is signed in at the page after this."""
        server = self.empty if who == "new" else self.full
        page.context.clear_cookies()
        page.context.add_cookies(
            [{"name": name, "value": value, "url": server.url} for name, value in self.cookies[who].items()]
        )

    def end_runs(self) -> None:
        for run in self.admin.must("GET", "/api/admin/runs?state=running")["runs"]:
            self.admin.delete(f"/api/admin/runs/{run['id']}")


Do = Callable[[Page, Stage], None]


class State(NamedTuple):
    """`path` is opened by `who`, then all of `do` is done in this order. `shows`: a text that is there then.

    `who`: a role, `stranger`, or `new` for the administrator of the empty server. `refused`: the answers of 400 and
    above that the browser gets on the way, as the watch over it names them.
    """

    name: str
    path: str
    shows: str
    do: tuple[Do, ...] = ()
    who: str = "admin"
    refused: tuple[str, ...] = ()


def fill(**fields: str) -> Do:
    def done(page: Page, _: Stage) -> None:
        for name, value in fields.items():
            page.locator(f"main [name={name}]").first.fill(value)

    return done


def tell(**fields: str) -> Do:
    """Fills with ids of rows, and chooses in lists."""

    def done(page: Page, on: Stage) -> None:
        for name, value in fields.items():
            field = page.locator(f"main [name={name}]").first
            meant = value.format_map(on.rows)
            if field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(meant)
            else:
                field.fill(meant)

    return done


def press(words: str) -> Do:
    return lambda page, _: page.locator("main").get_by_role("button", name=words).first.click()


def choose(name: str, content: bytes) -> Do:
    """A file in this field."""
    chosen: FilePayload = {"name": "chosen.json", "mimeType": "application/json", "buffer": content}
    return lambda page, _: page.locator(f"main [name={name}]").set_input_files(chosen)


def unfold(words: str) -> Do:
    return lambda page, _: page.locator("main summary", has_text=words).first.click()


def as_it_is(page: Page, _: Stage) -> None:
    """What the browser itself would refuse is for the server to refuse."""
    page.evaluate("for (const one of document.forms) one.noValidate = true")


def meanwhile(path: str, **body: Any) -> Do:
    """Somebody else changes the row while the page is open."""
    return lambda _, on: on.admin.must("PUT", path.format_map(on.rows), body) and None


def save_connection(page: Page, _: Stage) -> None:
    """Of a provider, whose page has other forms too."""
    page.locator("main form:has([name=base_url]) > footer button").click()


def enormous(page: Page, _: Stage) -> None:
    """More than the shell takes."""
    page.evaluate("document.querySelector('main form').insertAdjacentHTML('beforeend', '<textarea name=x></textarea>')")
    page.evaluate("document.querySelector('textarea[name=x]').value = 'x'.repeat(1500000)")
    page.get_by_role("button", name="Make the key").click()


def session_ends(page: Page, _: Stage) -> None:
    page.context.clear_cookies(name="lineup")


def listing(*answers: Any) -> Do:
    """What the fake provider's list says from now on."""
    return lambda _, on: on.provider.answer(LIST, *answers)


def check(name: str, **more: Any) -> Do:
    """The set-up's test of a provider of this name."""

    def done(page: Page, on: Stage) -> None:
        page.goto(f"/admin/start/check?provider={on.add_provider(name, **more)}")
        page.get_by_role("button", name="Test", exact=True).click()

    return done


def open_plan(page: Page, on: Stage) -> None:
    """One of a provider that was never fetched."""
    on.provider.answer(LIST, reply(GOOD))
    plan = on.admin.must("POST", f"/api/admin/providers/{on.add_provider('Planned')}/plans")
    page.goto(f"/admin/providers/plans/{plan['id']}")


def run_goes_on(page: Page, on: Stage) -> None:
    """Until something is drawn of it."""
    page.goto(f"/admin/runs/{on.run('model')}")
    expect(page.locator("[data-done]")).to_have_text(re.compile(r"[3-9]|\d\d"), timeout=PATIENCE_MS)


def run_is_cancelled(page: Page, on: Stage) -> None:
    on.end_runs()
    page.goto(f"/admin/runs/{on.run('other_model')}")
    expect(page.locator("[data-done]")).to_have_text(re.compile(r"[1-9]"), timeout=PATIENCE_MS)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#state")).to_have_text("cancelled", timeout=PATIENCE_MS)


def named(path: str) -> str:
    return path.partition("?")[0].replace("/", "-").replace("{", "").replace("}", "").rstrip("-") or "-overview"


READ = (
    "/",
    "/providers",
    "/providers/{provider}",
    "/models",
    "/models/{model}",
    "/aliases",
    "/runs",
    "/runs/{run}",
    "/keys",
    "/keys/{key}",
    "/people",
    "/people/{person}",
    "/playground?name=fast",
    "/activity",
    "/usage",
    "/settings",
    "/settings/webhooks",
    "/settings/webhooks/{webhook}",
    "/activity/notices",
    "/activity/staged",
    "/providers/plans",
    "/providers/plans/{plan}",
    "/findings",
)
STATES: list[State] = [
    *(
        State("new" + named(path), path, shows, who="new")
        for path, shows in (
            ("/", "What is left to set up"),
            ("/providers", "No provider yet"),
            ("/models", "No provider yet"),
            ("/aliases", "No aliases"),
            ("/runs", "Nothing was measured yet"),
            ("/runs/new", "New test"),
            ("/keys", "No keys"),
            ("/usage", "No requests"),
            ("/playground", "Resolution"),
            ("/account", "No keys of your own"),
            ("/start/models", "No models yet"),
            ("/start/alias", "alias"),
            ("/start/use", "Call it"),
            ("/usage?view=requests", "No"),
            ("/settings/webhooks", "No webhooks"),
            ("/activity/notices", "No notices"),
            ("/activity/staged", "Nothing is staged"),
            ("/providers/plans", "No plans"),
            ("/findings", "Nothing to find fault with"),
        )
    ),
    *(State("viewer" + named(path), path, "", who="viewer") for path in READ),
    State("user-account", "/account", "Models that you may call", who="user"),
    State("user-usage", "/usage", "Usage", who="user"),
    State("not-allowed", "/providers", "role", who="user", refused=("403 GET /admin/providers",)),
    State("not-allowed-viewer", "/keys/new", "role", who="viewer", refused=("403 GET /admin/keys/new",)),
    State("not-found", "/nowhere", "no such page", refused=("404 GET /admin/nowhere",)),
    State("not-found-stranger", "/nowhere", "no such page", who="stranger", refused=("404 GET /admin/nowhere",)),
    State("no-such-row", "/keys/999999", "999999", refused=("404 GET /admin/keys/999999",)),
    State("bad-address", "/runs?offset=abc", "offset", refused=("422 GET /admin/runs",)),
    State(
        "sign-in-refused",
        "/sign-in",
        "is not right",
        (fill(email="no@example.com", password="wrong-password"), press("Sign in")),
        "stranger",
        ("401 POST /admin/sign-in",),
    ),
    State("set-up-link-used", "/setup?token=x", "does not work", who="stranger", refused=("GET /admin/setup",)),
    State(
        "session-ended",
        "/keys/new",
        "session has ended",
        (fill(name="Kept", tokens_per_month="5000"), session_ends, press("Make the key")),
        refused=("401 POST /admin/keys/new",),
    ),
    State(
        "session-begun-again",
        "/keys/new",
        "Send it now",
        (
            fill(name="Kept", tokens_per_month="5000"),
            session_ends,
            press("Make the key"),
            fill(email=EMAIL, password=PASSWORD),
            press("Sign in"),
        ),
        refused=("401 POST /admin/keys/new",),
    ),
    State(
        "session-ended-in-a-piece",
        "/providers/new?type=openai",
        "session has ended",
        (fill(name="Kept", base_url="https://api.example/v1"), session_ends, press("Add provider")),
    ),
    State(
        "key-invalid",
        "/keys/new",
        "Requests per minute",
        (as_it_is, fill(name="x", requests_per_minute="-5", cost_per_month="-1"), press("Make the key")),
        refused=("422 POST /admin/keys/new",),
    ),
    State("key-made", "/keys/new", "only time", (fill(name="Made for a look"), press("Make the key"))),
    State(
        "key-changed-elsewhere",
        "/keys/{key}",
        "Somebody else has changed",
        (fill(name="Mine"), meanwhile("/api/admin/keys/{key}", name="Editor of the team "), press("Save")),
        refused=("412 POST /admin/keys/",),
    ),
    State("key-delete", "/keys/{key}/delete", "cannot be brought back"),
    State("person", "/people/{person}", "Role"),
    State(
        "person-invalid",
        "/people/new",
        "Add a person",
        (as_it_is, fill(email="nobody", password="short"), press("Add person")),
        refused=("422 POST /admin/people/new",),
    ),
    State(
        "person-changed-elsewhere",
        "/people/{person}",
        "saving again puts it over that",
        (fill(email="grace.h@example.com"), meanwhile("/api/admin/people/{person}", role="viewer"), press("Save")),
        refused=("412 POST /admin/people/",),
    ),
    State("person-delete", "/people/{person}/delete", "Sessions of this person end"),
    State(
        "provider-invalid",
        "/providers/new?type=openai",
        "Base URL",
        (as_it_is, fill(name="x", base_url="not an address"), press("Add provider")),
    ),
    State(
        "provider-out-of-scope",
        "/providers/new?type=openai",
        "Allow the network scope",
        (fill(name="Mine", base_url="http://127.0.0.1:1/v1"), press("Add provider")),
    ),
    State(
        "provider-changed-elsewhere",
        "/providers/{provider}",
        "Somebody else changed",
        (fill(name="Mine"), meanwhile("/api/admin/providers/{provider}", name="Research cluster "), save_connection),
    ),
    State("provider-delete", "/providers/{provider}/delete", "are deleted with it"),
    State(
        "provider-does-not-answer", "/providers", "The test failed", (check("Deaf", base_url="http://127.0.0.1:9/v1"),)
    ),
    State(
        "provider-key-refused",
        "/providers",
        "The test failed",
        (listing(reply({"error": {"message": "Incorrect API key provided."}}, status=401)), check("Strict")),
    ),
    State(
        "provider-lists-nonsense", "/providers", "The test failed", (listing(reply({"hello": "there"})), check("Odd"))
    ),
    State("provider-lists-nothing", "/providers", "Test", (listing(reply({"data": []})), check("Bare"))),
    State("set-up-form", "/start/provider?preset=ollama", "Add"),
    State(
        "set-up-none-ticked",
        "/start/models",
        "Tick at least one",
        (press("Make the chosen models visible"),),
        refused=("422 POST /admin/start/models",),
    ),
    State(
        "set-up-alias-taken",
        "/start/alias",
        "fast",
        (fill(alias="fast"), press("Make the alias")),
        refused=("POST /admin/start/alias",),
    ),
    State(
        "run-invalid",
        "/runs/new?model={model}",
        "must be",
        (as_it_is, fill(requests="0", max_tokens="0"), press("Start benchmark")),
        refused=("422 POST /admin/runs/new",),
    ),
    State("run-live", "/runs", "requests", (run_goes_on,)),
    State("run-live-viewer", "/runs", "", who="viewer"),
    State("runs-live", "/runs", "running"),
    State("run-cancelled", "/runs", "cancelled", (run_is_cancelled,)),
    State(
        "too-large", "/keys/new", "body is too large", (fill(name="x"), enormous), refused=("413 POST /admin/keys/new",)
    ),
    State("runs-none-match", "/runs?state=interrupted", "No benchmark matches"),
    State(
        "rollout-preview",
        "/aliases/rollout?alias=fast&model={fast}",
        "Nothing has been changed yet.",
        (tell(to="{model}", share="25", sticky="request"), press("Preview")),
    ),
    State(
        "rollout-too-few-keys",
        "/aliases/rollout?alias=fast&model={fast}",
        "too few keys",
        (tell(to="{model}", share="25"), press("Preview")),
        refused=("409 POST /admin/aliases/rollout",),
    ),
    State("provider-switch-later", "/providers/{provider}/enabled?on=false", "Not now, but at a moment to come"),
    State("playground-reply", "/playground?name=fast", "200", (fill(message="Hello?"), press("Send"))),
    State("playground-unknown-name", "/playground?name=no-such-name", "no-such-name"),
    State("playground-refused", "/playground?name=no-such-name", "404", (fill(message="Hello?"), press("Send"))),
    State("usage-requests", "/usage?view=requests", "Single requests"),
    State("usage-nothing-matches", "/usage?model_id=no-such-model", "No requests"),
    State(
        "usage-bad-days",
        "/usage?from=2030-01-01&to=2020-01-01",
        "after the last day",
        refused=("422 GET /admin/usage",),
    ),
    State(
        "webhook-invalid",
        "/settings/webhooks/new",
        "Add a webhook",
        (as_it_is, fill(name="x", url="not an address"), press("Add webhook")),
        refused=("422 POST /admin/settings/webhooks/new",),
    ),
    State(
        "webhook-changed-elsewhere",
        "/settings/webhooks/{webhook}",
        "saving again puts it over that",
        (fill(name="Mine"), meanwhile("/api/admin/webhooks/{webhook}", name="Team channel "), press("Save")),
        refused=("412 POST /admin/settings/webhooks/",),
    ),
    State("webhook-test-refused", "/settings/webhooks/{webhook}", "did not arrive", (press("Send a test"),)),
    State("webhook-new-secret", "/settings/webhooks/{webhook}", "only time", (press("Make a"),)),
    State("webhook-delete", "/settings/webhooks/{webhook}/delete", "cannot be brought back"),
    State("catalogue", "/models/catalogue", "comes with Lineup"),
    State("catalogue-viewer", "/models/catalogue", "comes with Lineup", who="viewer"),
    State("catalogue-read-again", "/models/catalogue", "would change", (press("Read again"),)),
    State(
        "catalogue-that-is-none",
        "/models/catalogue",
        "it has none of the formats",
        (choose("file", b'{"hello": "there"}'), press("Preview")),
        refused=("422 POST /admin/models/catalogue",),
    ),
    State(
        "catalogue-preview",
        "/models/catalogue",
        "would be skipped",
        (choose("file", CATALOGUE), press("Preview")),
    ),
    State("model-edit-more-facts", "/models/{model}/edit", "Reasoning", (unfold("More facts"),)),
    State("plan-overtaken", "/providers/plans/{plan}", "overtaken"),
    State("plan-open", "/providers/plans", "Apply all", (open_plan,)),
    State("plan-nothing-ticked", "/providers/plans", "Tick the items", (open_plan, press("Apply the ticked"))),
    State("plan-apply-all", "/providers/plans", "of the plan would be left", (open_plan, press("Apply all"))),
    State("plan-none-match", "/providers/plans/{plan}?q=nothing-like-it", "No such items"),
    State("plans-of-a-state", "/providers/plans?status=discarded", "No plans"),
    State("notices-none", "/activity/notices?kind=staged_refused", "No notices"),
    State("findings-of-a-rule", "/findings?rule=unreachable-model", "Findings"),
    State("security-none", "/activity/security?actor=nobody-at-all", "No entries"),
]


@contextmanager
def stage(show: Showcase, empty: Server) -> Iterator[Stage]:
    """With a visitor of each role, beside what the showcase has."""
    with fake_provider() as provider:
        provider.answer(LIST, reply(GOOD))
        admin = show.server.admin()
        cookies: dict[str, dict[str, str]] = {"stranger": {}}
        emails = {"viewer": "ada@example.com", "user": "linus@example.com"}
        for role, email in emails.items():
            cookies[role] = Looker(show.server.client()).sign_in_only(email, PASSWORD).cookies
        cookies["admin"] = Looker(show.server.client()).sign_in().cookies
        cookies["new"] = Looker(empty.client()).sign_in().cookies
        yield Stage(show.server, empty, admin, provider, dict(show.placeholders), cookies)


def reach(page: Page, on: Stage, state: State) -> None:
    """The page in that state, shown to whom it is for."""
    on.become(page, state.who)
    page.goto(f"{(on.empty if state.who == 'new' else on.full).url}/admin{state.path.format_map(on.rows)}")
    for do in state.do:
        do(page, on)
    if state.shows:
        expect(page.locator("body")).to_contain_text(state.shows, timeout=PATIENCE_MS)
