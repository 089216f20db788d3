"""Where to call: an account at a provider, how long it may take, and one model there."""

from typing import Any, Literal

from msgspec import Struct, field

Task = Literal["chat", "embedding", "other", "unknown"]
NetworkScope = Literal["public", "private", "loopback"]


class Timeouts(Struct, frozen=True):
    """Seconds. `connect_s` covers DNS, TCP and TLS together; the totals are absolute."""

    connect_s: float = 5.0
    first_byte_s: float = 120.0
    idle_s: float = 300.0
    stream_total_s: float = 3600.0
    plain_total_s: float = 600.0
    test_s: float = 60.0


class Bounds(Struct, frozen=True):
    """What this instance allows to every provider, whatever its row says; judged at each use.

    `widest_scope`: the operator's ceiling for `network_scope`. `own_listeners`: host and port of each of Lineup's own,
    which no provider may be; `0.0.0.0` means every address of this machine. `list_models`, `list_bytes`: the most that
    one provider's list may hold. `drills`: whether kinds for drills are offered and called. `pseudonym`: what it calls
    itself in the `Via` of each request, so that one that comes back is known; empty sends none.
    """

    widest_scope: NetworkScope = "loopback"
    own_listeners: tuple[tuple[str, int], ...] = ()
    list_models: int = 20_000
    list_bytes: int = 10 * 1024 * 1024
    drills: bool = False
    pseudonym: str = ""


class Endpoint(Struct, frozen=True):
    """A configured account at a provider. `headers` are the admin's extra ones, already checked against the allow-list.

    `ca_bundle`: PEM text (not a file name); `proxy`: `http://host:port`. Key, header values and proxy stay out of
    `repr`, so that no log line or traceback shows them.
    """

    kind: str
    base_url: str
    api_key: str | None = None
    network_scope: NetworkScope = "public"
    headers: tuple[tuple[str, str], ...] = ()
    api_version: str | None = None
    ca_bundle: str | None = None
    proxy: str | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    bounds: Bounds = field(default_factory=Bounds)

    def __repr__(self) -> str:
        key = "set" if self.api_key else "none"
        return f"Endpoint(kind={self.kind!r}, base_url={self.base_url!r}, api_key={key}, scope={self.network_scope!r})"

    def __rich_repr__(self) -> Any:
        yield "kind", self.kind
        yield "base_url", self.base_url


class Target(Struct, frozen=True):
    """One model at one endpoint, ready to call. `model_id` is the provider's own string, byte for byte."""

    endpoint: Endpoint
    model_id: str
    task: Task = "chat"
