"""A server full of hostile texts: what administrators entered, what callers sent, what providers of each kind list.

    with den(folder) as den:
        den.pages                      a path for each row that was made

Everything goes through the API and `/v1`, as it would come in earnest.
"""

import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tests.fakes.counts import SEED, count
from tests.fakes.hostile import strings
from tests.fakes.kind_wire import KindWire
from tests.fakes.pages import Looker
from tests.fakes.provider import FakeProvider, fake_provider, reply
from tests.fakes.server import Client, Server, by_id, running_server

TEXTS = strings(count(20, 200), SEED)
KINDS = ("anthropic", "google", "ollama", "azure")
"""Beside `openai`, which the other providers here are of."""
ODD_FIELDS = ("displayName", "display_name", "description", "owned_by", "digest", "family", "quantization_level")
"""What a list may say of a model; each kind reads some of it."""
WRONG_PASSWORDS = count(3, 20)
REFUSED = (400, 409, 422)


@dataclass
class Den:
    """`taken`: how many texts were taken, by field. `rows`: ids by sort of row."""

    server: Server
    provider: FakeProvider
    admin: Client
    cookies: dict[str, str]
    taken: dict[str, int] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    rows: dict[str, list[int]] = field(default_factory=dict)
    others: dict[str, tuple[int, FakeProvider]] = field(default_factory=dict)

    def put(self, what: str, path: str, body: dict[str, Any], method: str = "POST") -> dict[str, Any] | None:
        """What was made; None for a text that was refused, which has to be in so many words."""
        answer = self.admin.call(method, f"/api/admin/{path}", body)
        if answer.status in (200, 201):
            self.taken[what] = self.taken.get(what, 0) + 1
            made: dict[str, Any] = answer.json
            self.rows.setdefault(what, []).append(made.get("id", 0))
            return made
        assert answer.status in REFUSED, answer
        assert answer.code, answer
        return None

    def list_at(self, kind: str, texts: list[str]) -> None:
        """What the provider of this kind lists from now on."""
        wire, provider = _wire(kind), self.others[kind][1]
        entries = [{**wire.entry(as_id(text)), **dict.fromkeys(ODD_FIELDS, text)} for text in texts]
        provider.answer(wire.list_path.removeprefix("/v1"), reply(wire.page(entries)))
        for path, answer in wire.more().items():
            provider.answer(path.removeprefix("/v1"), answer)


@contextmanager
def filled_den(folder: Path) -> Iterator[Den]:
    """Every field that takes a text, with each of them."""
    with ExitStack() as stack:
        provider = stack.enter_context(fake_provider())
        server = stack.enter_context(running_server(folder, tests_per_minute=10_000, access_token_minutes=1440))
        den = Den(server, provider, server.admin(), Looker(server.client()).sign_in().cookies)
        listed = [
            {
                "id": as_id(text),
                "object": "model",
                "name": text,
                "display_name": text,
                "owned_by": text,
                "description": text,
            }
            for text in TEXTS
        ]
        provider.answer("/models", reply({"object": "list", "data": listed}))
        provider.answer("/chat/completions", reply({"error": {"message": "\n".join(TEXTS)}}, status=400))
        source = _source(den)
        for number, text in enumerate(TEXTS):
            _one_of_each(den, source, number, text)
        for kind in KINDS:
            _other_kind(den, kind, stack.enter_context(fake_provider()))
        _calls(den)
        on = urlencode({"model_id": "plain", "provider_id": source})
        den.admin.must("POST", f"/api/admin/models/by-id/test/connection?{on}")
        _measured(den)
        _pages(den)
        yield den


def _place(den: Den) -> dict[str, str]:
    return {"type": "openai", "base_url": den.provider.base_url, "network_scope": "loopback"}


def _source(den: Den) -> int:
    """A provider whose list is hostile, and one model of it that is not."""
    source = den.put("source", "providers", {**_place(den), "name": "Source"})
    assert source is not None
    den.admin.must("POST", f"/api/admin/providers/{source['id']}/fetch", {})
    den.put("plain", "models", {"provider_id": source["id"], "model_id": "plain", "visible": True})
    return int(source["id"])


def _one_of_each(den: Den, source: int, number: int, text: str) -> None:
    place = _place(den)
    provider = den.put("provider", "providers", {**place, "name": text[:200], "enabled": False})
    den.put("header", "providers", {**place, "name": f"Headers {number}", "headers": {"x-title": text[:500]}})
    pinned = {"display_name": text[:200], "description": text[:2_000], "visible": True}
    where = {"provider_id": source if number % 2 else (provider or {"id": source})["id"]}
    for one in (
        {"model_id": f"named-{number}", **pinned},
        {"model_id": f"{text[:500]}*", "lifecycle": {"message": text[:500]}},
        {"model_id": f"described-{number}", "description": text[:2_000], "visible": True},
    ):
        den.put("model", "models", {**where, **one})
    on = urlencode({"model_id": "plain", "provider_id": source})
    alias = den.put("alias", f"models/by-id/aliases?{on}", {"alias": f"a{number}", "description": text[:2_000]})
    den.put("alias name", f"models/by-id/aliases?{on}", {"alias": text[:128]})
    key = den.put("key", "keys", {"name": text[:200], "kind": "user"})
    if key:
        den.put("key again", f"keys/{key['id']}", {"name": f"{text[:190]} new"}, "PUT")
    den.put("person", "people", {"email": f"{text[:60]}@example.com", "role": "user"})
    if alias:
        den.pages.append(f"/aliases/one?{urlencode({'alias': alias['alias'], 'model': alias['model']['id']})}")


def _other_kind(den: Den, kind: str, provider: FakeProvider) -> None:
    base = provider.base_url.removesuffix("/v1")
    body = {"name": f"A {kind}", "type": kind, "base_url": base, "api_key": "k" * 20, "network_scope": "loopback"}
    made = den.admin.must("POST", "/api/admin/providers", body)["id"]
    den.others[kind] = (made, provider)
    den.list_at(kind, TEXTS)
    fetched = den.admin.must("POST", f"/api/admin/providers/{made}/fetch", {})
    den.taken[kind] = fetched["counts"]["added"] if "counts" in fetched else len(fetched["added"])
    den.pages.append(f"/providers/{made}")
    den.pages.append(f"/models?provider_id={made}")


def _calls(den: Den) -> None:
    """What callers of `/v1` may say: names of models, of their own users, of themselves."""
    key = den.admin.must("POST", "/api/admin/keys", {"name": "Caller", "kind": "user"})["key"]
    caller, stranger = den.server.client(key), den.server.client()
    for number, text in enumerate(TEXTS):
        headers = {"user-agent": _on_a_line(text), "x-request-id": "a"}
        body = {"model": text[:900] or "x", "user": text[:200], "messages": [{"role": "user", "content": text}]}
        assert caller.post("/v1/chat/completions", body, headers=headers).status < 500
        if number >= WRONG_PASSWORDS:
            continue
        odd = {"email": f"{text[:100]}@example.com", "password": "not a password"}
        assert stranger.post("/api/auth/login", odd, headers=headers).status < 500


def as_id(text: str) -> str:
    """As far as an id can hold it: a list with one that cannot is refused as a whole."""
    return "".join(one for one in text if one >= " " and one != "\x7f").strip()[:500] or "x"


def _on_a_line(text: str) -> str:
    """As far as a header can hold it."""
    return "".join(one for one in text if " " <= one <= "~")[:500] or "x"


def _measured(den: Den) -> None:
    """A benchmark of a model with a hostile id, whose provider answers in the same manner."""
    for row in den.rows["model"][1 : 1 + count(2, 30)]:
        model = den.admin.must("GET", f"/api/admin/models/{row}")
        on = by_id(model["model_id"], "/benchmark", provider_id=model["provider"]["id"])
        answer = den.admin.post(on, {"requests": 1, "warmup": 0, "time_limit_s": 5})
        assert answer.status < 500, answer
        if answer.status == 200:
            den.rows.setdefault("run", []).append(answer.json["run_id"])


def _pages(den: Den) -> None:
    rows = den.rows
    den.pages += [f"/models/{row}{page}" for row in rows["model"] for page in ("", "/edit", "/delete")]
    den.pages += [f"/models/{row}/confirm?flag=visible&to=false" for row in rows["model"][::3]]
    den.pages += [f"/providers/{row}{page}" for row in rows["provider"] for page in ("", "/delete")]
    den.pages += [f"/keys/{row}{page}" for row in rows["key"] for page in ("", "/delete")]
    den.pages += [f"/people/{row}{page}" for row in rows["person"] for page in ("", "/delete")]
    den.pages += [f"/runs/{row}" for row in rows.get("run", [])]
    den.pages += [f"/runs?model={row}" for row in rows["model"][1:4]] + [f"/runs/new?model={rows['model'][1]}"]
    changes = den.admin.must("GET", "/api/admin/changes?limit=200")["changes"]
    den.pages += [f"/activity/{one['id']}" for one in changes]
    for text in TEXTS:
        said = quote(text[:90], safe="")
        den.pages += [f"/playground?name={said}", f"/models?q={said}", f"/usage?name={said}&by=name"]
        den.pages += [f"/activity/security?actor={said}", f"/account?q={said}", f"/start/models?q={said}"]


def _wire(kind: str) -> KindWire:
    wire: KindWire = importlib.import_module(f"tests.fakes.{kind}_wire").WIRE
    return wire
