"""A sign-in at a provider, from the click to the session; and everything that stands in its way, noted.

started, address = await sign_on.begin(...)      the browser goes there, and carries `started`, sealed
done = await sign_on.finish(answer, sealed, …)   it comes back
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from model_lineup.access.actor import Actor
from model_lineup.access.arrivals import Arrivals, Arrived, Identity
from model_lineup.access.browsers import BrowserSessions
from model_lineup.access.door import Door
from model_lineup.errors import NotFound, NotSignedIn, SignOnBroken, SignOnRefused, SignOnUnavailable
from model_lineup.journal.record import Author
from model_lineup.security.log import SecurityLog
from model_lineup.security.shapes import SecurityEvent
from model_lineup.security.visit import Visit
from model_lineup.signon.claims import has_all, identity_of, together
from model_lineup.signon.metadata import Metadata, wrong
from model_lineup.signon.provider import Provider
from model_lineup.signon.rules import Rules
from model_lineup.signon.states import Started, States, broken

LABEL = "single sign-on"
MOST_CODE = 4_096
FAILURES = (SignOnBroken, SignOnRefused, SignOnUnavailable)
_SAID_NO = ("access_denied", "consent_required", "interaction_required", "login_required", "account_selection_required")


class Begun(NamedTuple):
    """`address`: where the browser goes; `sealed`: what it carries meanwhile."""

    address: str
    sealed: str


class Done(NamedTuple):
    """`token`: of the new session; None where an account was connected. `wanted`: the page to go on to."""

    token: str | None
    wanted: str


class SingleSignOn:
    """`provider` is None where none is set up; then everything but asking `is_on` raises NotFound."""

    def __init__(
        self,
        rules: Rules | None,
        provider: Provider | None,
        states: States,
        arrivals: Arrivals,
        browsers: BrowserSessions,
        door: Door,
        log: SecurityLog,
    ) -> None:
        self.rules = rules
        self._provider = provider
        self._states = states
        self._arrivals = arrivals
        self._browsers = browsers
        self._door = door
        self._log = log

    @property
    def is_on(self) -> bool:
        return self._provider is not None

    @property
    def name(self) -> str:
        """Of the provider, for people."""
        return self.rules.name if self.rules is not None else LABEL

    @property
    def apart_s(self) -> float | None:
        """How far the provider's clock is ahead of ours, as it last said; None where it has not."""
        return None if self._provider is None else self._provider.apart_s

    async def begin(self, redirect_uri: str, wanted: str, visit: Visit, connects: Actor | None = None) -> Begun:
        """`connects`: who is signed in, and binds the account to himself. Raises NotFound, SignOnUnavailable."""
        provider, _ = self._set_up()
        who = (None, None) if connects is None else (connects.person_id, connects.session)
        started = self._states.new(redirect_uri, wanted, *who)
        try:
            address = await provider.authorization_url(started)
        except SignOnUnavailable as error:
            await asyncio.to_thread(self._note, error, visit)
            raise
        return Begun(address, await asyncio.to_thread(self._states.sealed, started))

    async def finish(self, answer: Mapping[str, str], sealed: str, visit: Visit) -> Done:
        """`answer`: what the provider had the browser say. Raises NotFound, SignInThrottled, and one of FAILURES, which
        stands in the security log then."""
        provider, rules = self._set_up()
        await asyncio.to_thread(self._door.pace, visit)
        identity: Identity | None = None
        try:
            started = await asyncio.to_thread(self._states.used, sealed, answer.get("state", ""))
            code = _code(answer, await provider.metadata())
            identity = await self._identity(provider, rules, started, code)
            return await asyncio.to_thread(self._let_in, rules, started, identity, visit)
        except FAILURES as error:
            await asyncio.to_thread(self._note, error, visit, identity)
            raise

    async def sign_out_address(self, back: str) -> str | None:
        """Where the provider ends its own session, to come back afterwards; None where it offers none. Raises NotFound,
        SignOnUnavailable."""
        provider, rules = self._set_up()
        endpoint = (await provider.metadata()).end_session_endpoint
        if endpoint is None:
            return None
        said = urlencode({"client_id": rules.client_id, "post_logout_redirect_uri": back})
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{said}"

    async def examine(self) -> Metadata:
        """What the provider says of itself, its keys read too. Raises NotFound, SignOnUnavailable."""
        provider, _ = self._set_up()
        await provider.keys()
        return await provider.metadata()

    async def _identity(self, provider: Provider, rules: Rules, started: Started, code: str) -> Identity:
        claims: dict[str, Any] = await provider.claims(started, code)
        access_token = claims.pop("access_token")
        if isinstance(access_token, str) and not has_all(claims, rules):
            claims = together(claims, await provider.userinfo(access_token, claims["sub"]))
        return identity_of(claims, rules)

    def _let_in(self, rules: Rules, started: Started, identity: Identity, visit: Visit) -> Done:
        author = Author(LABEL, visit.request_id, visit.address, visit.user_agent)
        if started.person_id is not None:
            return self._connect(started, started.person_id, identity, author, visit)
        arrived = self._arrivals.arrive(identity, author)
        self._tell(arrived, visit)
        try:
            token = self._browsers.open_for(arrived.person_id, visit, at_most=rules.session_life)
        except NotSignedIn as error:  # disabled between two lines
            raise SignOnRefused(error.detail, reason="disabled") from None
        return Done(token, started.wanted)

    def _connect(self, started: Started, person_id: int, identity: Identity, author: Author, visit: Visit) -> Done:
        """The browser does not send its session along when it comes from elsewhere, so what it carries names it."""
        if started.session is None or not self._browsers.goes_on(started.session, person_id):
            raise broken(
                "Your session here has ended meanwhile. Sign in, and connect the account again.", "session_over"
            )
        self._tell(self._arrivals.connect(person_id, identity, author), visit)
        return Done(None, started.wanted)

    def _tell(self, arrived: Arrived, visit: Visit) -> None:
        """What claims wanted, and what was not done."""
        if not (arrived.kept_admin or arrived.unknown_groups):
            return
        details: dict[str, Any] = {"kept": "the last administrator's role"} if arrived.kept_admin else {}
        if arrived.unknown_groups:
            details["no_such_groups"] = [one[:100] for one in arrived.unknown_groups[:20]]
        self._log.note_refusal(SecurityEvent.SIGN_ON_ADJUSTED, visit, actor=arrived.email, **details)

    def _note(
        self,
        error: SignOnBroken | SignOnRefused | SignOnUnavailable,
        visit: Visit,
        identity: Identity | None = None,
    ) -> None:
        details: dict[str, Any] = {name: fact for name, fact in error.facts.items() if name in ("reason", "why")}
        if identity is not None:
            details |= {"subject": identity.subject[:100], "email": identity.email}
        self._log.note_refusal(SecurityEvent.SIGN_ON_FAILED, visit, **details)

    def _set_up(self) -> tuple[Provider, Rules]:
        if self._provider is None or self.rules is None:
            raise NotFound("Single sign-on is not set up here (LINEUP_OIDC_ISSUER).", setting="oidc_issuer")
        return self._provider, self.rules


def _code(answer: Mapping[str, str], metadata: Metadata) -> str:
    """Raises SignOnBroken, SignOnRefused, SignOnUnavailable."""
    issuer = answer.get("iss")
    if (issuer is not None or metadata.says_issuer) and issuer != metadata.issuer:
        raise broken("The answer is of another provider than the one that was asked.", "issuer_mixed_up")
    error = answer.get("error")
    if error in _SAID_NO:
        raise SignOnRefused("You did not sign in there, or it let you not.", reason="said_no", why=error)
    if error is not None:
        telling = error if error.isascii() and error.replace("_", "").isalpha() else "something unreadable"
        raise wrong(f"it sent back {telling[:60]!r}", "The provider reported a problem.", reason="provider_error")
    code = answer.get("code", "")
    if not 0 < len(code) <= MOST_CODE or not code.isprintable():
        raise broken("The provider's answer is incomplete. Begin again on the sign-in page.", "code_missing")
    return code
