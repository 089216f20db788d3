"""Hidden, disabled, deleted (ended or not), for others' groups, unknown: no endpoint or key tells one from another.

Every name is compared with an unknown one of the same length, whole: status, every header, every byte of the body, but
for the name itself and the request id. Endpoints are those that the gateway serves, so that a new one is held to it.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest

from model_lineup.gateway.face import SURFACES
from model_lineup.shell import Shell
from tests.fakes.desk import BY
from tests.fakes.provider import FakeProvider, reply
from tests.fakes.v1 import HELLO, V1, Line, Reply

ANSWER = {"model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
SECRET = (
    *("hidden", "HIDDEN", "acme/hidden", "to-hidden", "TO-HIDDEN", "not-for-agents"),
    *("switched-off", "off/switched-off", "to-switched-off", "both"),
    *("deleted", "acme/deleted", "to-deleted"),
    *("provider-gone", "closed/provider-gone", "was-an-alias", "unlisted-and-hidden"),
    *("hidden-and-ended", "acme/hidden-and-ended", "to-hidden-and-ended", "ended-for-hidden", "off-and-ended"),
    *("deleted-and-ended", "to-hidden-follower"),
    *("for-a-group", "acme/for-a-group", "to-for-a-group", "TO-FOR-A-GROUP", "alias-for-a-group", "fallback-group"),
    *("group-and-ended", "to-group-and-ended", "group-not-for-agents", "ended-for-a-group"),
)
"""What there is, and nobody may know of."""


class Way(NamedTuple):
    """One way to ask for a name: what is sent is made from it."""

    label: str
    method: str
    path: Callable[[str], str]
    body: Callable[[str], Any]


def _posted(path: str, **fields: Any) -> Way:
    label = " ".join([path, *(f"{name}={value!r}"[:40] for name, value in fields.items())])
    body = {"max_tokens": 1, "messages": HELLO, "input": "x", **fields}
    return Way(label, "POST", lambda _: path, lambda name: {**body, "model": name})


def _read(method: str) -> Way:
    return Way(f"{method} /v1/models/…", method, lambda name: f"/v1/models/{name}", lambda _: None)


ODD_BODIES: tuple[dict[str, Any], ...] = (
    {"stream": "yes"},
    {"stream": True, "stream_options": 5},
    {"api_base": "http://elsewhere"},
    {"logprobs": True, "n": 5, "max_tokens": -1},
    {"messages": [], "padding": "x" * 50_000},
)
WAYS = [
    *(_posted(path) for path in SURFACES),
    *(_posted(path, stream=True) for path in SURFACES),
    *(_posted("/v1/chat/completions", **odd) for odd in ODD_BODIES),
    *(_posted("/v1/messages", **odd) for odd in ODD_BODIES),
    *(_read(method) for method in ("GET", "HEAD")),
    Way("wrong method", "DELETE", lambda name: f"/v1/models/{name}", lambda _: None),
]


@pytest.fixture
def there(v1: V1, provider: FakeProvider) -> FakeProvider:
    acme, off, closed = (v1.provider(name, provider.base_url) for name in ("Acme", "Off", "Closed"))
    v1.desk.model(acme, "open", visible=True, agents_enabled=True)
    v1.desk.model(acme, "not-for-agents", agents_enabled=False)
    v1.desk.model(acme, "unlisted-and-hidden", listed=False, agents_enabled=True)
    hidden = v1.desk.model(acme, "hidden", agents_enabled=True)
    gone = v1.desk.model(acme, "deleted", visible=True, agents_enabled=True)
    switched = v1.desk.model(off, "switched-off", visible=True, agents_enabled=True)
    v1.desk.model(off, "both")
    ended(v1, acme.id, "hidden-and-ended", alias="to-hidden-and-ended", visible=False)
    ended(v1, acme.id, "ended-for-hidden", alias="to-hidden-follower", visible=False, successor_id=hidden.id)
    ended(v1, off.id, "off-and-ended")
    v1.rooms.models.delete(ended(v1, acme.id, "deleted-and-ended"), BY)
    closing = v1.desk.model(closed, "provider-gone", visible=True, agents_enabled=True)
    furnish_for_a_group(v1, acme.id)
    for model, alias in ((hidden, "to-hidden"), (gone, "to-deleted"), (switched, "to-switched-off")):
        v1.desk.alias(model, alias)
    v1.desk.alias(closing, "was-an-alias", fallbacks=[hidden.id])
    v1.rooms.models.delete(gone.id, BY)
    v1.desk.change_provider(off.id, enabled=False)
    v1.rooms.providers.delete(closed.id, BY, force=True)
    provider.answer("/chat/completions", reply(ANSWER))
    return provider


def furnish_for_a_group(v1: V1, provider_id: int) -> None:
    """What only members of a group may know of; neither key is one."""
    group = v1.desk.group("others").id
    to_group = {"visible": True, "agents_enabled": True, "groups": [group]}
    limited = v1.desk.model(provider_id, "for-a-group", **to_group)
    v1.desk.model(provider_id, "group-not-for-agents", visible=True, groups=[group])
    unlimited = v1.desk.model(provider_id, "unlimited", visible=True, agents_enabled=True)
    v1.desk.alias(limited, "to-for-a-group", fallbacks=[unlimited.id])
    v1.desk.alias(unlimited, "alias-for-a-group", groups=[group])
    v1.desk.alias(limited, "fallback-group")
    ended(v1, provider_id, "group-and-ended", alias="to-group-and-ended", groups=[group])
    ended(v1, provider_id, "ended-for-a-group", groups=[group], successor_id=unlimited.id)


def ended(
    v1: V1,
    provider_id: int,
    name: str,
    *,
    alias: str = "",
    visible: bool = True,
    groups: Sequence[int] = (),
    **said: Any,
) -> int:
    """A model whose end has come, with words for its callers; in the database too."""
    lifecycle = {"sunset_at": "2001-01-01T00:00:00Z", "message": "It has ended.", **said}
    flags = {"visible": visible, "agents_enabled": True, "groups": [*groups]}
    model = v1.desk.model(provider_id, name, **flags, pins={"lifecycle": lifecycle})
    if alias:
        v1.desk.alias(model, alias)
    v1.rooms.retirement.carry_out([model.id])
    return model.id


@pytest.mark.parametrize("caller", ["user", "agent"])
def test_nothing_tells_what_is_there_from_what_is_not(v1: V1, there: FakeProvider, caller: str) -> None:
    key = v1.user if caller == "user" else v1.agent

    async def differences(shell: Shell) -> list[str]:
        found = []
        for way in WAYS:
            for name in SECRET:
                nobody = "".join(letter if letter == "/" else "z" for letter in name)
                one, other = [told(await ask(v1, shell, way, who, key), who) for who in (name, nobody)]
                if one != other:
                    found.append(f"{way.label} {name}: {one} but {other}")
        return found

    assert v1.run(differences) == []
    assert there.requests == []


@pytest.mark.parametrize("caller", ["user", "agent"])
def test_the_list_holds_nothing_of_it(v1: V1, there: FakeProvider, caller: str) -> None:
    body = v1.call("/v1/models", key=v1.user if caller == "user" else v1.agent).body.decode()
    assert [name for name in SECRET if name in body] == []
    assert '"open"' in body


def test_each_way_of_asking_tells_what_is_there_when_it_may(v1: V1, there: FakeProvider) -> None:
    """Or the comparison above would hold of a server that knows nothing at all."""
    there.answer("/embeddings", reply({"model": "open", "data": []}))
    there.answer("/responses", reply({"model": "open"}))

    async def statuses(shell: Shell) -> dict[str, int]:
        return {way.label: (await ask(v1, shell, way, "open", v1.user)).status for way in WAYS}

    found = v1.run(statuses)
    assert [label for label, status in found.items() if status == 404] == []
    assert sum(status == 200 for status in found.values()) >= 6


async def ask(v1: V1, shell: Shell, way: Way, name: str, key: str) -> Reply:
    return await v1.on(Line(shell), way.path(name), way.body(name), key=key, method=way.method)


def told(reply: Reply, name: str) -> tuple[int, dict[str, str], bytes]:
    """All that came, without the name and the request id. Names of one length leave no length to tell them apart by."""
    request_id = reply.headers["x-request-id"]
    headers = {header: value.replace(request_id, "ID") for header, value in reply.headers.items()}
    return reply.status, headers, reply.body.replace(name.encode(), b"NAME").replace(request_id.encode(), b"ID")
