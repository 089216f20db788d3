"""From claims to what they mean here: address, role, groups."""

from collections.abc import Mapping
from typing import Any

from model_lineup.access.actor import Role
from model_lineup.access.arrivals import Identity
from model_lineup.errors import SignOnRefused
from model_lineup.signon.rules import ANYBODY, Rules

MOST_VALUES = 2_000
MOST_EMAIL = 254


def identity_of(claims: Mapping[str, Any], rules: Rules) -> Identity:
    """Raises SignOnRefused for somebody to whom nothing gives a role."""
    email = claims.get("email")
    usable = isinstance(email, str) and len(email) <= MOST_EMAIL and email.isprintable()
    return Identity(
        issuer=rules.issuer,
        subject=claims["sub"],
        email=email.strip() if isinstance(email, str) and usable else None,
        email_verified=claims.get("email_verified") in (True, "true"),
        role=_role(claims, rules),
        groups=_groups(claims, rules),
    )


def has_all(claims: Mapping[str, Any], rules: Rules) -> bool:
    """Whether nothing is missing that one could ask the provider for."""
    wanted = ["email", rules.role_claim, rules.groups_claim]
    return all(_found(claims, name) is not None for name in wanted if name is not None)


def together(claims: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """The ID token's claims, and what only the userinfo says. An address is verified by what names that address."""
    if "email" in claims and userinfo.get("email") != claims["email"]:
        userinfo = {name: value for name, value in userinfo.items() if name != "email_verified"}
    return {**userinfo, **claims}


def values_of(claims: Mapping[str, Any], name: str) -> list[str]:
    """Of a claim that holds one text, or a list of them; others are passed over."""
    found = _found(claims, name)
    listed = found if isinstance(found, list) else [found]
    return [one for one in listed[:MOST_VALUES] if isinstance(one, str)]


def _found(claims: Mapping[str, Any], name: str) -> Any:
    """By its name, or else by the way to it: `realm_access.roles`. Names can hold dots themselves."""
    if name in claims:
        return claims[name]
    here: Any = claims
    for part in name.split("."):
        here = here.get(part) if isinstance(here, Mapping) else None
    return here


def _role(claims: Mapping[str, Any], rules: Rules) -> Role | None:
    """The highest one that a value gives; None where claims do not decide about roles. Raises SignOnRefused."""
    if rules.role_claim is None:
        return None
    values = values_of(claims, rules.role_claim)
    given = [rules.roles[one] for one in (*values, ANYBODY) if one in rules.roles]
    if not given and rules.default_role is None:
        raise SignOnRefused(
            "Your account gives you no role here. Ask an administrator of the provider to give you one.",
            reason="no_role",
        )
    for role in (Role.ADMIN, Role.VIEWER, Role.USER):
        if role in given:
            return role
    return rules.default_role


def _groups(claims: Mapping[str, Any], rules: Rules) -> frozenset[str] | None:
    """Without the claim somebody is in none of the groups that it decides about."""
    if rules.groups_claim is None:
        return None
    values = values_of(claims, rules.groups_claim)
    if rules.groups is None:
        return frozenset(one.casefold() for one in values)
    return frozenset(rules.groups[one] for one in values if one in rules.groups)
