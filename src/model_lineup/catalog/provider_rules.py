"""What a provider's fields may be. Pure but for the registry of kinds."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import UnsetType

from model_lineup.catalog import check_schedule, fetch_rules, fetch_schedule
from model_lineup.catalog.check_schedule import CheckSchedule
from model_lineup.catalog.fetch_rules import EVERYTHING, FetchRules
from model_lineup.catalog.fetch_schedule import FetchSchedule
from model_lineup.database.metadata import dump
from model_lineup.errors import EgressRefused, InvalidInput
from model_lineup.upstream import registry
from model_lineup.upstream.contract import Bounds, DrillKind, Timeouts
from model_lineup.upstream.wire import AddressRefused, BadUrl, Origin, Scope, TlsFailed, check_url, within
from model_lineup.upstream.wire.egress import literal_address
from model_lineup.upstream.wire.origin import split_url
from model_lineup.upstream.wire.tls import make_context

ALLOWED_HEADERS = frozenset(
    {
        "openai-organization",
        "openai-project",
        "anthropic-beta",
        "http-referer",
        "x-title",
        "x-request-source",
        "user-agent",
    }
)
"""Extra headers that an admin may set; none of them carries a credential or chooses a destination."""
SCOPES = ("public", "private", "loopback")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,512}")
TIMEOUT_CEILINGS = {
    "connect_s": 60,
    "first_byte_s": 600,
    "idle_s": 3600,
    "stream_total_s": 86400,
    "plain_total_s": 3600,
    "test_s": 600,
}


def check_offered(kind: str, bounds: Bounds) -> None:
    """Raises InvalidInput for a kind that no provider can be added as."""
    kinds = registry.offered(drills=bounds.drills)
    if kind not in kinds:
        drill = " while LINEUP_DRILLS is off" if kind in registry.kinds() else ""
        raise InvalidInput.at("/type", f"{kind!r} is not a kind of provider{drill}; there are {', '.join(kinds)}")


def check_case(kind: str, base_url: str) -> None:
    """Raises InvalidInput for the provider of a drill that would lead elsewhere."""
    found = registry.kind_named(kind)
    if isinstance(found, DrillKind) and found.case_of(base_url) is None:
        raise InvalidInput.at(
            "/base_url", "a drill leads to a case of `lineup drill serve`; `lineup drill list` has them"
        )


def check_kind(kind: str, has_key: bool) -> None:
    """Raises InvalidInput for a kind that cannot do without a key."""
    if registry.kind_named(kind).key_needed and not has_key:
        raise InvalidInput.at("/api_key", f"a provider of kind {kind!r} needs a key")


def check_address(base_url: str, scope: str, bounds: Bounds) -> Origin:
    """The origin of an allowed base URL. Raises InvalidInput, EgressRefused naming the scope that would allow it."""
    if not within(scope, bounds.widest_scope):
        raise EgressRefused.at(
            "/network_scope", f"this instance allows {bounds.widest_scope!r} at most (LINEUP_EGRESS_MAX_SCOPE)"
        )
    if "?" in base_url:
        raise InvalidInput.at("/base_url", "a base URL has no query; use `api_version` or `headers`")
    return check_reachable(base_url, scope, bounds, "/base_url")


def check_reachable(url: str, scope: str, bounds: Bounds, field: str) -> Origin:
    """The origin of an address that may be called. Raises InvalidInput, EgressRefused, at this field."""
    if not within(scope, bounds.widest_scope):
        raise EgressRefused.at(
            "/network_scope", f"this instance allows {bounds.widest_scope!r} at most (LINEUP_EGRESS_MAX_SCOPE)"
        )
    try:
        origin = check_url(url, Scope(scope), bounds.own_listeners)
    except BadUrl as error:
        raise InvalidInput.at(field, str(error)) from None
    except AddressRefused as error:
        needed = error.needed.value if error.needed else None
        raise EgressRefused.at(field, str(error), allowed_by_network_scope=needed) from None
    _check_spelling(url, origin, field)
    return origin


def _check_spelling(base_url: str, origin: Origin, field: str) -> None:
    """What is stored is what is called: an address has one spelling, so that nobody overlooks where it leads."""
    typed = base_url.partition("://")[2].partition("/")[0].lower()
    if literal_address(origin.host) and not (typed + ":").startswith(origin.bracketed_host + ":"):
        raise InvalidInput.at(field, f"this address is spelt {origin.bracketed_host}; write it so")


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Lower-case names. Raises InvalidInput for a header outside the allow-list, or one that would break a line."""
    for name, value in headers.items():
        if name.lower() not in ALLOWED_HEADERS:
            allowed = ", ".join(sorted(ALLOWED_HEADERS))
            raise InvalidInput.at("/headers", f"{name!r} is not one of the headers that can be set: {allowed}")
        if not _HEADER_VALUE.fullmatch(value):
            raise InvalidInput.at(f"/headers/{name}", "a header value is at most 512 printable ASCII characters")
    return {name.lower(): value for name, value in headers.items()}


def check_timeouts(timeouts: Mapping[str, float]) -> dict[str, float]:
    """Raises InvalidInput for an unknown timeout or one beyond its ceiling. Seconds."""
    for name, seconds in timeouts.items():
        ceiling = TIMEOUT_CEILINGS.get(name)
        if ceiling is None:
            raise InvalidInput.at("/timeouts", f"{name!r} is not a timeout; there are {', '.join(TIMEOUT_CEILINGS)}")
        if not 0 < seconds <= ceiling:
            raise InvalidInput.at(f"/timeouts/{name}", f"must be more than 0 and at most {ceiling} seconds")
    return {name: float(seconds) for name, seconds in timeouts.items()}


def check_proxy(proxy: str | None) -> None:
    """Raises InvalidInput for a proxy that is not plain `http://host:port`."""
    if proxy is None:
        return
    try:
        origin, target = split_url(proxy)
    except BadUrl as error:
        raise InvalidInput.at("/proxy", str(error)) from None
    if origin.scheme != "http" or target != "/":
        raise InvalidInput.at("/proxy", "a proxy is http://host:port (it opens a tunnel with CONNECT)")


def check_way(scope: str, proxy: str | None) -> None:
    """Raises InvalidInput for a proxy on the way to this machine itself."""
    if proxy is not None and scope == "loopback":
        raise InvalidInput.at("/proxy", "a proxy cannot reach this machine's own addresses; leave it out")


def check_ca_bundle(ca_bundle: str | None) -> None:
    """Raises InvalidInput for a text that holds no certificate."""
    if ca_bundle is None:
        return
    if "PRIVATE KEY" in ca_bundle:  # the bundle is shown to all who read providers
        raise InvalidInput.at("/ca_bundle", "it holds a private key; send certificates alone")
    try:
        make_context(ca_bundle)
    except TlsFailed as error:
        raise InvalidInput.at("/ca_bundle", str(error)) from None


def check_key(key: str | None) -> None:
    """Raises InvalidInput for a key that no header can carry."""
    if key is not None and not re.fullmatch(r"[\x21-\x7e]{1,4096}", key):
        raise InvalidInput.at("/api_key", "a key is 1 to 4096 printable ASCII characters without spaces")


def fetching_columns(
    rules: FetchRules | UnsetType | None, schedule: FetchSchedule | UnsetType | None
) -> dict[str, str | UnsetType | None]:
    """The columns of what decides about fetching. Raises InvalidInput."""
    if isinstance(rules, FetchRules):
        fetch_rules.check(rules)
    if isinstance(schedule, FetchSchedule):
        fetch_schedule.check(schedule.every_minutes, schedule.apply)
    said_rules = None if rules == EVERYTHING or rules is None else rules
    return {
        "fetch_rules": dump(said_rules) if isinstance(said_rules, FetchRules) else said_rules,
        "fetch_schedule": dump(schedule) if isinstance(schedule, FetchSchedule) else schedule,
    }


def checking_columns(schedule: CheckSchedule | UnsetType | None) -> dict[str, str | UnsetType | None]:
    """The column of what decides about tests by the clock. Raises InvalidInput."""
    if not isinstance(schedule, CheckSchedule):
        return {"check_schedule": schedule}
    check_schedule.check(schedule)
    return {"check_schedule": dump(schedule)}


def timeouts_of(stored: Mapping[str, float], defaults: Timeouts) -> Timeouts:
    """The instance's timeouts, with what the provider sets of its own."""
    values: dict[str, Any] = {name: getattr(defaults, name) for name in TIMEOUT_CEILINGS}
    return Timeouts(**{**values, **stored})
