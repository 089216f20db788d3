"""What a provider says of itself (OpenID Connect Discovery 1.0), read strictly."""

from typing import NamedTuple

import msgspec

from model_lineup.errors import SignOnUnavailable
from model_lineup.security.visit import printable
from model_lineup.upstream.wire import AddressRefused, BadUrl, Scope, check_url

MOST_BYTES = 256 * 1024
WRONG = "The provider does not describe itself as it should."


class Metadata(NamedTuple):
    """`says_issuer`: its answers at the browser name the issuer (RFC 9207), so one that does not is not its own."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    auth_methods: tuple[str, ...]
    says_issuer: bool


class _Said(msgspec.Struct):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] | None = None
    code_challenge_methods_supported: list[str] | None = None
    authorization_response_iss_parameter_supported: bool = False


def address_of_metadata(issuer: str) -> str:
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def read_metadata(data: bytes, issuer: str, scope: Scope) -> Metadata:
    """Raises SignOnUnavailable for what is incomplete, speaks for another issuer, or lies where it may not."""
    try:
        said = msgspec.json.decode(data, type=_Said)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise wrong(f"its metadata cannot be read: {printable(str(error))}") from None
    if said.issuer != issuer:
        raise wrong(f"LINEUP_OIDC_ISSUER is {issuer!r}, and it calls itself {printable(said.issuer)!r}")
    _check_challenge(said)
    required = {name: getattr(said, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    optional = {name: getattr(said, name) for name in ("userinfo_endpoint", "end_session_endpoint")}
    for name, address in {**required, **optional}.items():
        if address is not None:
            _check_address(name, address, scope)
    methods = said.token_endpoint_auth_methods_supported or ["client_secret_basic"]
    says_issuer = said.authorization_response_iss_parameter_supported
    return Metadata(issuer=issuer, **required, **optional, auth_methods=tuple(methods), says_issuer=says_issuer)


def wrong(why: str, words: str = WRONG, *, reason: str = "provider_wrong") -> SignOnUnavailable:
    """`words` are for everybody; `why`, which can name addresses, for the security log and `lineup doctor`."""
    return SignOnUnavailable(f"{words} Try again later, or ask an administrator.", reason=reason, why=why)


def _check_challenge(said: _Said) -> None:
    methods = said.code_challenge_methods_supported
    if methods is not None and "S256" not in methods:
        raise wrong("it does not take PKCE with S256, which Lineup always sends")


def _check_address(name: str, address: str, scope: Scope) -> None:
    """Raises SignOnUnavailable."""
    try:
        check_url(address, scope)
    except (AddressRefused, BadUrl) as error:
        raise wrong(f"{name}: {error}") from None
