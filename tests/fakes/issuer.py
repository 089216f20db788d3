"""A provider of OpenID Connect that says whatever a test wants, true or not; `issuer` is its address.

with running_issuer() as issuer:
    issuer.knows(sub="u-1", email="ada@example.com", email_verified=True)
"""

import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.fakes.provider import Answer, FakeProvider, Got, fake_provider, reply

CLIENT_ID, CLIENT_SECRET = "lineup", "s3cret-of-the-client"
METADATA, KEYS, TOKEN, USERINFO = "/.well-known/openid-configuration", "/keys", "/token", "/userinfo"


@functools.cache
def key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


def signed(claims: dict[str, Any], kid: str = "one", **header: Any) -> str:
    """As the owner of this key signs it."""
    return jwt.encode({"alg": "ES256", "kid": kid, **header}, claims, key(kid), algorithms=["ES256"])


class Issuer:
    """`nonce`, `now`: what good tokens hold of the sign-in under way; the test says it. `lies`: claims that are other
    than they should be, None for those that are not there."""

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self.nonce, self.now = "", int(time.time())
        self.lies: dict[str, Any] = {}
        self.known: dict[str, Any] = {}
        self.signs_with = "one"
        self.describes()
        self.lists("one")
        provider.answer(TOKEN, self._tokens)
        self.knows(sub="u-1")

    @property
    def issuer(self) -> str:
        return self.provider.base_url

    def asked(self, path: str) -> list[Got]:
        return [got for got in self.provider.requests if got.path == path]

    def describes(self, **lies: Any) -> None:
        """Of itself; what is None is left out."""
        good = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}{TOKEN}",
            "jwks_uri": f"{self.issuer}{KEYS}",
            "userinfo_endpoint": f"{self.issuer}{USERINFO}",
            "end_session_endpoint": f"{self.issuer}/end",
        }
        said = {name: value for name, value in (good | lies).items() if value is not None}
        self.provider.answer(METADATA, reply(said))

    def lists(self, *kids: str) -> None:
        """The keys by which it signs."""
        self.provider.answer(KEYS, reply({"keys": [key(kid).as_dict(private=False) for kid in kids]}))

    def knows(self, **claims: Any) -> None:
        """Whoever signs in next; the userinfo says the same."""
        self.known = claims
        self.provider.answer(USERINFO, reply(claims))

    def token(self) -> str:
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "nonce": self.nonce, "iat": self.now, "exp": self.now + 300}
        said = {name: value for name, value in (claims | self.known | self.lies).items() if value is not None}
        return signed(said, self.signs_with)

    def _tokens(self, got: Got) -> Answer:
        asked = parse_qs(got.body.decode())
        if asked.get("grant_type") != ["authorization_code"] or "code_verifier" not in asked:
            return reply({"error": "invalid_request"}, status=400)
        return reply({"access_token": "at", "token_type": "Bearer", "id_token": self.token()})


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    with fake_provider() as provider:
        yield Issuer(provider)
