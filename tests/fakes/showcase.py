"""A server with something to show: providers that answer, models, aliases, keys, people, and what was measured of them.

    with showcase(folder) as show:
        show.server.url, show.fill("/models/{model}")

Everything is done through the API, so it is what a page of a real server shows. Screenshots, and tests that look at
every page, stand on it.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from model_lineup.app import open_database
from model_lineup.clock import SystemClock
from model_lineup.jobs.chores import Chores
from model_lineup.notices.notices import Notices
from model_lineup.settings import Settings
from model_lineup.watch.watching import Watch
from tests.fakes.paced import paced
from tests.fakes.server import PASSWORD, Client, Server, by_id, running_server

PROVIDERS = {
    "Research cluster": [
        "--model",
        "tulu-3-8b",
        "--ttft-ms",
        "140",
        "--gap-ms",
        "6",
        "--stall-every",
        "17",
        "--stall-ms",
        "45",
    ],
    "Workstation": ["--model", "smollm3-3b", "--ttft-ms", "60", "--gap-ms", "14"],
}
GONE = "http://127.0.0.1:9/v1"
"""Nobody listens there."""
FAMILIES = {
    "qwen3": ("4b", "8b", "14b", "32b", "235b-a22b"),
    "llama-3.3": ("8b-instruct", "70b-instruct"),
    "mistral-small-3.2": ("24b-instruct",),
    "gemma-3": ("1b-it", "4b-it", "12b-it", "27b-it"),
    "deepseek-r1-distill": ("qwen-7b", "qwen-14b", "llama-70b"),
    "phi-4": ("mini-instruct", "14b"),
    "granite-4": ("micro", "small", "tiny"),
    "olmo-3": ("7b-instruct", "32b-think"),
}
CONTEXTS = (8_192, 32_768, 131_072, 1_048_576)
ALIASES = {"fast": "qwen3-8b", "smart": "llama-3.3-70b-instruct", "reasoning": "deepseek-r1-distill-qwen-14b"}


@dataclass
class Showcase:
    """A running server. `placeholders` are what stands for a row in the paths of pages: `{model}`, `{provider}`, …"""

    server: Server
    placeholders: dict[str, int] = field(default_factory=dict)

    def fill(self, path: str) -> str:
        return path.format_map(self.placeholders)


@contextmanager
def showcase(folder: Path, *, models: int = 60, measured: int = 6, requests: int = 12) -> Iterator[Showcase]:
    """`models` at two providers and a third that does not answer; `measured` of them benchmarked, four times as many
    tested."""
    with ExitStack() as stack:
        addresses = {name: stack.enter_context(paced(*pace)).base_url for name, pace in PROVIDERS.items()}
        server = stack.enter_context(running_server(folder, access_token_minutes=1440))
        show, admin = Showcase(server), server.admin()
        _providers(admin, addresses, show)
        _models(admin, show, models)
        _aliases(admin, show)
        _people_and_keys(admin, show)
        _measure(admin, show, measured, requests)
        _use(admin, server)
        _webhooks(admin, show, addresses["Workstation"])
        _groups(admin, show)
        _staged(admin, show)
        _look_round(server)
        yield show


def _providers(admin: Client, addresses: dict[str, str], show: Showcase) -> None:
    for name, address in [*addresses.items(), ("Old server", GONE)]:
        body = {"name": name, "type": "openai", "base_url": address, "network_scope": "loopback"}
        made = admin.must("POST", "/api/admin/providers", body)
        show.placeholders.setdefault("provider", made["id"])
        if "plan" not in show.placeholders:
            show.placeholders["plan"] = admin.must("POST", f"/api/admin/providers/{made['id']}/plans", {})["id"]
        admin.post(f"/api/admin/providers/{made['id']}/fetch", {})  # the old server's fails, and shows that it does


def _models(admin: Client, show: Showcase, how_many: int) -> None:
    providers = [one["id"] for one in admin.must("GET", "/api/admin/providers")["providers"]]
    names = [f"{family}-{size}" for family, sizes in FAMILIES.items() for size in sizes]
    for number in range(how_many):
        name, turn = names[number % len(names)], number // len(names)
        facts = {
            "display_name": name.replace("-", " ").title() + (f" ({turn + 1})" if turn else ""),
            "task": "chat",
            "context_length": CONTEXTS[number % len(CONTEXTS)],
            "supports_tools": number % 3 != 1,
            "supports_vision": name.startswith("gemma") or None,
            "supports_streaming": True,
            "pricing": {"input_per_million": 0.1 + number % 7 / 10, "output_per_million": 0.4 + number % 5 / 2},
        }
        made = admin.must(
            "POST",
            "/api/admin/models",
            {
                "provider_id": providers[(number + turn) % len(PROVIDERS)],
                "model_id": name if not turn else f"{name}-v{turn + 1}",
                "visible": number % 3 != 2,
                "agents_enabled": number % 4 == 0,
                **{fact: value for fact, value in facts.items() if value is not None},
            },
        )
        show.placeholders["other_model"] = made["id"]
        show.placeholders.setdefault("model", made["id"])
    lost = {"provider_id": providers[-1], "model_id": "old-model-7b", "visible": True}
    show.placeholders["lost_model"] = admin.must("POST", "/api/admin/models", lost)["id"]
    gone = admin.must("POST", "/api/admin/models", {"provider_id": providers[0], "model_id": "trial-1b"})["id"]
    admin.must("DELETE", f"/api/admin/models/{gone}")
    show.placeholders["deleted_model"] = gone


def _aliases(admin: Client, show: Showcase) -> None:
    for alias, model_id in ALIASES.items():
        model = admin.get(by_id(model_id))
        if model.status == 200:
            admin.must("POST", by_id(model_id, "/aliases"), {"alias": alias})
            show.placeholders.setdefault("fast", model.json["id"])
    changes = admin.must("GET", "/api/admin/changes")["changes"]
    show.placeholders["change"] = changes[0]["id"]


def _people_and_keys(admin: Client, show: Showcase) -> None:
    for name, role in (("grace", "admin"), ("ada", "viewer"), ("linus", "user")):
        made = admin.must(
            "POST", "/api/admin/people", {"email": f"{name}@example.com", "role": role, "password": PASSWORD}
        )
        show.placeholders.setdefault("person", made["id"])
    for name, kind, limits in (
        ("Editor of the team", "user", {"requests_per_minute": 60}),
        ("Nightly agent", "agent", {"tokens_per_month": 2_000_000, "cost_per_month": 25.0}),
        ("Chat page", "user", {}),
    ):
        made = admin.must("POST", "/api/admin/keys", {"name": name, "kind": kind, "limits": limits})
        show.placeholders.setdefault("key", made["id"])
    soon = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    own = admin.must("POST", "/api/me/keys", {"name": "Laptop", "kind": "user", "expires_at": soon})
    show.placeholders["own_key"] = own["id"]


def _measure(admin: Client, show: Showcase, how_many: int, requests: int) -> None:
    first = show.placeholders["model"]
    made = [one for one in admin.must("GET", "/api/admin/models?limit=200")["models"] if one["id"] >= first]
    listed: list[dict[str, Any]] = sorted(made, key=lambda one: (one["id"] != first, one["display_name"]))
    plan = {"requests": requests, "max_tokens": 24, "concurrency": 2, "warmup": 0, "seed": 7}
    for number, model in enumerate(listed[: 4 * how_many]):
        admin.must("POST", by_id(model["model_id"], "/test/connection"))
        if number < how_many:
            report = admin.must("POST", by_id(model["model_id"], "/benchmark"), plan)
            show.placeholders["other_run"] = report["run_id"]
            show.placeholders.setdefault("run", report["run_id"])
    admin.must("POST", by_id("old-model-7b", "/test/connection"))


def _use(admin: Client, server: Server) -> None:
    """A few calls through /v1, with a key made for it."""
    key = admin.must("POST", "/api/admin/keys", {"name": "Try-out", "kind": "user"})["key"]
    caller = server.client(key)
    known = {one["alias"] for one in admin.must("GET", "/api/admin/aliases")["aliases"]}
    for alias in ALIASES.keys() & known:
        body = {"model": alias, "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8}
        caller.must("POST", "/v1/chat/completions", body)


def _webhooks(admin: Client, show: Showcase, nearby: str) -> None:
    """One at an address that answers, but not as a receiver does; one that is off."""
    for name, more in (
        ("Team channel", {"format": "slack"}),
        ("Pager", {"secret": "a-secret-of-the-showcase", "events": ["credential_failing"], "enabled": False}),
    ):
        body = {"name": name, "url": f"{nearby}/hook", "network_scope": "loopback", **more}
        made = admin.must("POST", "/api/admin/webhooks", body)
        show.placeholders.setdefault("webhook", made["id"])


def _groups(admin: Client, show: Showcase) -> None:
    """Two with members, one of which a model and an alias are for; one without."""
    people = [show.placeholders["person"], show.placeholders["person"] + 1]
    members = {"people": people, "keys": [show.placeholders["key"]]}
    for name, about, limits, who in (
        ("Research", "Works on what is not for everybody yet", {"tokens_per_month": 20_000_000}, members),
        ("Editors", None, {"requests_per_minute": 300, "cost_per_month": 120.0}, {"people": people[:1]}),
        ("Guests", "Nobody so far", {}, {}),
    ):
        group = admin.must("POST", "/api/admin/groups", {"name": name, "description": about, "limits": limits})["id"]
        show.placeholders.setdefault("group", group)
        if who:
            admin.must("POST", f"/api/admin/groups/{group}/members", who)
    limited = show.placeholders["model"] + 3
    group = show.placeholders["group"]
    model = admin.must("PUT", f"/api/admin/models/{limited}", {"groups": [group]})
    admin.must("POST", by_id(model["model_id"], "/aliases"), {"alias": "preview", "groups": [group]})
    show.placeholders["limited_model"] = limited


def _staged(admin: Client, show: Showcase) -> None:
    """One that callers are told of, and one that was called off."""
    for days, row, announce in ((14, "limited_model", {"message": "Use fast instead."}), (30, "lost_model", None)):
        change = {"operation": "models.visibility", "model_ids": [show.placeholders[row]], "visible": False}
        at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        body = {"change": change, "at": at, "announce": announce}
        staged = admin.must("POST", "/api/admin/staged", body)["id"]
        show.placeholders.setdefault("staged", staged)
    admin.must("DELETE", f"/api/admin/staged/{staged}")


def _look_round(server: Server) -> None:
    """What the server looks for from time to time, now: the old server, its model and a key are worth a notice."""
    with closing(open_database(Settings.model_validate({"data_dir": server.data_dir}))) as database:
        clock = SystemClock()
        watch = Watch(database, clock, Chores(database, clock), Notices(database, clock), ahead=timedelta(days=30))
        watch.look()
