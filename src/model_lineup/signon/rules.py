"""What the settings of single sign-on mean, and whether they can be true together."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path as File

from model_lineup.access.actor import Role
from model_lineup.access.arrivals import Welcome
from model_lineup.errors import StartRefused
from model_lineup.settings import Settings
from model_lineup.upstream.wire import AddressRefused, BadUrl, Path, Scope, check_url, within

MOST_FILE_BYTES = 1_000_000
ANYBODY = "*"


@dataclass(frozen=True, slots=True)
class Rules:
    """`roles`: by value of the claim, which `ANYBODY` stands for any of. `groups`: folded names by value of the claim;
    None: each value is a group's name. `default_role`: None where whom nothing gives a role stays outside."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    name: str
    scopes: str
    role_claim: str | None
    roles: Mapping[str, Role]
    default_role: Role | None
    groups_claim: str | None
    groups: Mapping[str, str] | None
    welcome: Welcome
    path: Path = field(repr=False)
    timeout_s: float
    skew_s: int
    session_life: timedelta


def rules_of(settings: Settings) -> Rules | None:
    """None: no single sign-on. Raises StartRefused naming the setting and what would be right."""
    if settings.oidc_issuer is None:
        _refuse_alone(settings)
        return None
    if settings.oidc_client_id is None:
        raise StartRefused("LINEUP_OIDC_CLIENT_ID: say it, too; the provider of LINEUP_OIDC_ISSUER gives it.")
    _refuse_unreachable(settings)
    groups = None if settings.oidc_group_map == ANYBODY else _pairs(settings.oidc_group_map, "OIDC_GROUP_MAP")
    folded = None if groups is None else {value: name.casefold() for value, name in groups.items()}
    role = None if settings.oidc_default_role == "none" else Role(settings.oidc_default_role)
    return Rules(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=_secret(settings),
        name=settings.oidc_name,
        scopes=_scopes(settings.oidc_scopes),
        role_claim=settings.oidc_role_claim,
        roles=_roles(settings),
        default_role=role,
        groups_claim=settings.oidc_groups_claim,
        groups=folded,
        welcome=_welcome(settings, role, folded),
        path=_path(settings),
        timeout_s=settings.oidc_timeout_s,
        skew_s=settings.oidc_skew_s,
        session_life=timedelta(hours=settings.oidc_session_hours),
    )


def _refuse_alone(settings: Settings) -> None:
    if not settings.password_sign_in:
        raise StartRefused(
            "LINEUP_PASSWORD_SIGN_IN is off, and without LINEUP_OIDC_ISSUER nobody could sign in. Set one of the two."
        )
    if settings.oidc_client_id is not None:
        raise StartRefused("LINEUP_OIDC_CLIENT_ID needs LINEUP_OIDC_ISSUER: the address of the provider.")


def _refuse_unreachable(settings: Settings) -> None:
    """The provider sends browsers back to one address, which it has to be told beforehand."""
    if settings.public_url is None and not _is_loopback(settings.host):
        raise StartRefused(
            f"LINEUP_OIDC_ISSUER needs LINEUP_PUBLIC_URL where the server listens on {settings.host}: the https "
            "address under which browsers reach Lineup, to which the provider sends them back."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _path(settings: Settings) -> Path:
    """How to get to the provider. Raises StartRefused."""
    scope = Scope(settings.oidc_network_scope)
    if not within(scope, settings.egress_max_scope):
        raise StartRefused(
            f"LINEUP_OIDC_NETWORK_SCOPE: {scope.value!r} is wider than LINEUP_EGRESS_MAX_SCOPE, "
            f"{settings.egress_max_scope!r}, allows."
        )
    try:
        check_url(settings.oidc_issuer or "", scope)
    except AddressRefused as error:
        raise StartRefused(f"LINEUP_OIDC_ISSUER: {error.message} (LINEUP_OIDC_NETWORK_SCOPE)") from None
    except BadUrl as error:
        raise StartRefused(f"LINEUP_OIDC_ISSUER: {error}") from None
    bundle = None if settings.oidc_ca_file is None else _text_of(settings.oidc_ca_file, "LINEUP_OIDC_CA_FILE")
    return Path(scope, bundle, settings.oidc_proxy)


def _secret(settings: Settings) -> str | None:
    if settings.oidc_client_secret is not None and settings.oidc_client_secret_file is not None:
        raise StartRefused("Set LINEUP_OIDC_CLIENT_SECRET or LINEUP_OIDC_CLIENT_SECRET_FILE, not both.")
    if settings.oidc_client_secret_file is not None:
        return _text_of(settings.oidc_client_secret_file, "LINEUP_OIDC_CLIENT_SECRET_FILE").strip() or None
    return None if settings.oidc_client_secret is None else settings.oidc_client_secret.get_secret_value() or None


def _text_of(file: File, setting: str) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_FILE_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise StartRefused(f"{setting}: {file} cannot be read ({type(error).__name__}).") from None


def _scopes(said: str) -> str:
    wanted = said.replace(",", " ").split()
    return " ".join(dict.fromkeys(["openid", *wanted]))


def _roles(settings: Settings) -> dict[str, Role]:
    pairs = _pairs(settings.oidc_role_map, "OIDC_ROLE_MAP")
    if pairs and settings.oidc_role_claim is None:
        raise StartRefused("LINEUP_OIDC_ROLE_MAP needs LINEUP_OIDC_ROLE_CLAIM: the claim whose values it maps.")
    if settings.oidc_role_claim is not None and not pairs:
        raise StartRefused("LINEUP_OIDC_ROLE_CLAIM needs LINEUP_OIDC_ROLE_MAP, like `ml-ops=admin, staff=user`.")
    if wrong := [role for role in pairs.values() if role not in list(Role)]:
        raise StartRefused(f"LINEUP_OIDC_ROLE_MAP: {wrong[0]!r} is no role; there are admin, viewer and user.")
    return {value: Role(role) for value, role in pairs.items()}


def _pairs(said: str | None, setting: str) -> dict[str, str]:
    """`a=b, c=d`, or `a=b; c=d` where values hold commas; before the last `=` stands the claim's value. Raises
    StartRefused."""
    pairs: dict[str, str] = {}
    for one in (said or "").split(";" if ";" in (said or "") else ","):
        value, equals, name = (part.strip() for part in one.rpartition("="))
        if not one.strip():
            continue
        if not (value and equals and name) or value in pairs:
            why = "stands there twice" if value in pairs else "is no pair"
            raise StartRefused(f"LINEUP_{setting}: {one.strip()[:80]!r} {why}; write `value=name, other=name`.")
        pairs[value] = name
    return pairs


def _welcome(settings: Settings, role: Role | None, groups: Mapping[str, str] | None) -> Welcome:
    if settings.oidc_groups_claim is None and settings.oidc_group_map is not None:
        raise StartRefused("LINEUP_OIDC_GROUP_MAP needs LINEUP_OIDC_GROUPS_CLAIM: the claim whose values it maps.")
    if settings.oidc_groups_claim is not None and settings.oidc_group_map is None:
        raise StartRefused("LINEUP_OIDC_GROUPS_CLAIM needs LINEUP_OIDC_GROUP_MAP, like `team-a=Research`, or `*`.")
    domains = (settings.oidc_email_domains or "").replace(",", " ").lower().split()
    return Welcome(
        sign_up=settings.oidc_sign_up,
        link_by_email=settings.oidc_link_by_email,
        require_verified_email=settings.oidc_require_verified_email,
        domains=frozenset(one.removeprefix("@") for one in domains),
        role=role or Role.USER,
        owned=None if groups is None else frozenset(groups.values()),
    )
