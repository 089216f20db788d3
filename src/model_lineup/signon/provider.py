"""Talks to the provider: by our own client, within the egress policy, never longer than the setting allows.

What it says of itself, and its keys, are kept for a while in each worker. A token that names a new key has the keys
read again, but not more often than twice a minute.
"""

import asyncio
import contextlib
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import quote_plus

import msgspec

from model_lineup.clock import Clock
from model_lineup.errors import SignOnUnavailable
from model_lineup.security.visit import printable
from model_lineup.signon.metadata import MOST_BYTES, Metadata, address_of_metadata, read_metadata, wrong
from model_lineup.signon.rules import Rules
from model_lineup.signon.states import Started
from model_lineup.signon.tokens import Keys, UnknownKey, claims_of, invalid, read_keys
from model_lineup.upstream.wire import BadHeader, BadUrl, Client, Deadlines, Request, WireError

KEPT_S = 600.0
KEYS_AGAIN_S = 30.0
JSON = ("accept", "application/json")
FORM = ("content-type", "application/x-www-form-urlencoded")
_TELLING = ("invalid_client", "invalid_grant", "invalid_request", "unauthorized_client", "unsupported_grant_type")


class Tokens(NamedTuple):
    id_token: str
    access_token: str | None


class _Answered(msgspec.Struct):
    """Of the token endpoint."""

    id_token: str | None = None
    access_token: str | None = None
    error: str | None = None


class Provider:
    def __init__(self, rules: Rules, client: Callable[[], Client], clock: Clock) -> None:
        self._rules = rules
        self._client = client
        self._clock = clock
        self._known: tuple[float, Metadata] | None = None
        self._keys: tuple[float, Keys] | None = None
        self.apart_s: float | None = None
        """By how many seconds its clock is ahead of ours, as its last answer said."""

    async def metadata(self) -> Metadata:
        """Raises SignOnUnavailable."""
        if self._known is None or self._clock.tick() - self._known[0] > KEPT_S:
            data = await self._ask("GET", address_of_metadata(self._rules.issuer), (JSON,))
            found = read_metadata(data, self._rules.issuer, self._rules.path.scope)
            self._known = self._clock.tick(), found
        return self._known[1]

    async def keys(self, *, older_than_s: float = KEPT_S) -> Keys:
        """Raises SignOnUnavailable."""
        if self._keys is None or self._clock.tick() - self._keys[0] > older_than_s:
            data = await self._ask("GET", (await self.metadata()).jwks_uri, (JSON,))
            self._keys = self._clock.tick(), read_keys(data)
        return self._keys[1]

    async def authorization_url(self, started: Started) -> str:
        """Where the browser goes to sign in. Raises SignOnUnavailable."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        rules, metadata = self._rules, await self.metadata()
        address: str = prepare_grant_uri(
            metadata.authorization_endpoint,
            rules.client_id,
            "code",
            redirect_uri=started.redirect_uri,
            scope=rules.scopes,
            state=started.state,
            nonce=started.nonce,
            code_challenge=create_s256_code_challenge(started.verifier),
            code_challenge_method="S256",
        )
        return address

    async def claims(self, started: Started, code: str) -> dict[str, Any]:
        """What the provider says of whoever brought this code, checked. Raises SignOnUnavailable."""
        tokens = await self._redeem(started, code)
        claims = await self._checked(tokens, started)
        return {**claims, "access_token": tokens.access_token}

    async def userinfo(self, access_token: str, subject: str) -> dict[str, Any]:
        """What else it says of this subject; nothing where it has no such endpoint. Raises SignOnUnavailable."""
        endpoint = (await self.metadata()).userinfo_endpoint
        if endpoint is None:
            return {}
        data = await self._ask("GET", endpoint, (JSON, ("authorization", f"Bearer {access_token}")))
        try:
            said = msgspec.json.decode(data, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise wrong("its userinfo cannot be read as JSON") from None
        if said.get("sub") != subject:
            raise wrong("its userinfo speaks of somebody else than its ID token", reason="bad_token")
        return said

    async def _checked(self, tokens: Tokens, started: Started) -> dict[str, Any]:
        try:
            return await self._read(tokens, started, await self.keys())
        except UnknownKey:
            pass
        try:
            return await self._read(tokens, started, await self.keys(older_than_s=KEYS_AGAIN_S))
        except UnknownKey:
            raise invalid("it is signed by a key that the provider does not list") from None

    async def _read(self, tokens: Tokens, started: Started, keys: Keys) -> dict[str, Any]:
        """In a thread: signatures take their time, and so does loading what checks them."""
        return await asyncio.to_thread(
            claims_of,
            tokens.id_token,
            keys,
            issuer=self._rules.issuer,
            client_id=self._rules.client_id,
            nonce=started.nonce,
            access_token=tokens.access_token,
            now=int(self._clock.now().timestamp()),
            skew_s=self._rules.skew_s,
        )

    async def _redeem(self, started: Started, code: str) -> Tokens:
        """The code for the tokens. Raises SignOnUnavailable."""
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        body: str = prepare_token_request(
            "authorization_code", redirect_uri=started.redirect_uri, code=code, code_verifier=started.verifier
        )
        metadata = await self.metadata()
        headers, body = self._proven(metadata, body)
        data = await self._ask("POST", metadata.token_endpoint, headers, body.encode(), refusals=True)
        try:
            said = msgspec.json.decode(data, type=_Answered)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise wrong("its token endpoint does not answer with JSON as it should") from None
        if said.error is not None or said.id_token is None:
            error = said.error if said.error in _TELLING else "no ID token" if said.error is None else "another error"
            words = "The provider did not take back the code that it gave."
            raise wrong(f"its token endpoint: {error}", words, reason="code_refused")
        return Tokens(said.id_token, said.access_token)

    def _proven(self, metadata: Metadata, body: str) -> tuple[tuple[tuple[str, str], ...], str]:
        """That it is this client who asks: headers and body. Raises SignOnUnavailable."""
        from authlib.oauth2.auth import ClientAuth

        client_id, secret, methods = self._rules.client_id, self._rules.client_secret, metadata.auth_methods
        known = ("client_secret_basic", "client_secret_post") if secret is not None else ("none",)
        method = next((one for one in known if one in methods), known[0] if secret is None else None)
        if method is None:
            raise wrong(f"it wants clients to prove themselves by {printable(', '.join(methods))}; see the how-to")
        if method == "client_secret_basic":  # RFC 6749, 2.3.1: both are encoded like a form
            client_id, secret = quote_plus(client_id), quote_plus(secret or "")
        headers: dict[str, str] = dict((JSON, FORM))
        _, headers, body = ClientAuth(client_id, secret, method).prepare("POST", metadata.token_endpoint, headers, body)
        return tuple((name.lower(), value) for name, value in headers.items()), body

    async def _ask(
        self,
        method: str,
        url: str,
        headers: tuple[tuple[str, str], ...],
        body: bytes = b"",
        *,
        refusals: bool = False,
    ) -> bytes:
        """The body of a good answer; of a refusal too, where `refusals` tell something. Raises SignOnUnavailable."""
        wait_s = self._rules.timeout_s
        deadlines = Deadlines(connect_s=min(5.0, wait_s), first_byte_s=wait_s, idle_s=wait_s, total_s=wait_s)
        try:
            request = Request(method, url, headers, body)
            async with await self._client().send(request, path=self._rules.path, deadlines=deadlines) as response:
                self._compare_clocks(response.header("date"))
                status, data = response.status, await response.read(MOST_BYTES)
        except WireError as error:
            raise _unreachable(f"{url.partition('?')[0]}: {error.message}") from None
        except (BadUrl, BadHeader) as error:
            raise wrong(f"it cannot be asked: {error}") from None
        if status != 200 and not (refusals and 400 <= status < 500):
            raise _unreachable(f"{url.partition('?')[0]} answered {status}")
        return data

    def _compare_clocks(self, date: str | None) -> None:
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            self.apart_s = parsedate_to_datetime(date or "").timestamp() - self._clock.now().timestamp()


def _unreachable(why: str) -> SignOnUnavailable:
    return wrong(printable(why, 300), "The provider of single sign-on did not answer.", reason="provider_unreachable")
