"""Checks of single sign-on: which address the provider has to know, whether claims can be obeyed, and with --online
whether it answers, and whether its clock is ours."""

from collections.abc import Iterator

from model_lineup.cli.doctor.check import Check, failed, ok, warned
from model_lineup.errors import SignOnUnavailable
from model_lineup.rooms import Rooms
from model_lineup.serving.first_admin import address
from model_lineup.signon.rules import Rules

NAME = "single sign-on"
CALLBACK = "/admin/sign-in/callback"


def examine(rooms: Rooms) -> Iterator[Check]:
    """Nothing where there is none."""
    rules = rooms.sign_on.rules
    if rules is None:
        return
    yield ok(NAME, f"{rules.issuer} sends browsers back to {address(rooms.settings)}{CALLBACK}")
    if missing := _missing(rooms, rules):
        said = ", ".join(missing[:5])
        yield warned(
            NAME, f"no group is called {said}", "`lineup groups create NAME`, or correct LINEUP_OIDC_GROUP_MAP."
        )


async def ask(rooms: Rooms) -> list[Check]:
    """What the provider says of itself, and its keys."""
    if rooms.sign_on.rules is None:
        return []
    try:
        metadata = await rooms.sign_on.examine()
    except SignOnUnavailable as error:
        why = str(error.facts.get("why", error.detail))
        return [failed(NAME, why, "Compare LINEUP_OIDC_ISSUER and LINEUP_OIDC_NETWORK_SCOPE with the provider.")]
    apart_s, skew_s = rooms.sign_on.apart_s, rooms.sign_on.rules.skew_s
    if apart_s is not None and abs(apart_s) > skew_s:
        found = f"its clock is {abs(apart_s):.0f} s {'ahead' if apart_s > 0 else 'behind'}"
        return [failed(NAME, found, f"Use NTP on both; {skew_s} s are allowed (LINEUP_OIDC_SKEW_S).")]
    end = "with" if metadata.end_session_endpoint else "without"
    return [ok(NAME, f"it answers, with keys that sign, and {end} a way to sign out there")]


def _missing(rooms: Rooms, rules: Rules) -> list[str]:
    """Groups that values are mapped to, and that are not there."""
    there = {name.casefold() for name in rooms.groups.names().values()}
    return sorted(set((rules.groups or {}).values()) - there)
