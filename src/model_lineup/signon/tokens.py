"""ID tokens: whether one was signed by the provider, for us, for this sign-in, and now.

Signature and claims are checked by authlib and its joserfc (OpenID Connect Core 1.0, 3.1.3.7), which are loaded with
the first sign-in. Only signatures with a key pair count: `none`, and secrets that two know, prove nothing.
"""

import functools
from collections.abc import Mapping
from typing import Any

import msgspec

from model_lineup.errors import SignOnUnavailable
from model_lineup.signon.metadata import wrong

ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"}
)
MOST_KEYS = 100
MOST_CHARACTERS = 64 * 1024
_PAIRS = frozenset({"RSA", "EC", "OKP"})

Keys = list[dict[str, Any]]
"""Public keys as JSON Web Keys."""


class UnknownKey(Exception):
    """The token names a key that is not among these; the provider may have a new one."""


def read_keys(data: bytes) -> Keys:
    """Those of a key set that can sign. Raises SignOnUnavailable."""
    try:
        said = msgspec.json.decode(data, type=dict[str, Any])
        found = [one for one in said["keys"] if isinstance(one, dict) and _can_sign(one)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError, TypeError):
        raise wrong("its key set cannot be read") from None
    if not found:
        raise wrong("its key set holds no public key that signs")
    return found[:MOST_KEYS]


def claims_of(
    token: str, keys: Keys, *, issuer: str, client_id: str, nonce: str, access_token: str | None, now: int, skew_s: int
) -> dict[str, Any]:
    """What the token says, once all of it has been checked. `now`: seconds. Raises UnknownKey, SignOnUnavailable."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import errors, jwt

    header = _header(token)
    try:
        found = jwt.decode(token, _key(keys, header), registry=_registry())
        options = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}}
        params = {"nonce": nonce, "client_id": client_id, "access_token": access_token}
        claims = CodeIDToken(found.claims, found.header, options, params)
        claims.validate(now=now, leeway=skew_s)
        _check_rest(claims, client_id, now, skew_s)
    except errors.JoseError as error:
        raise invalid(f"{error.error}: {error.description}") from None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise invalid(f"it is malformed ({type(error).__name__})") from None
    return dict(claims)


def invalid(why: str) -> SignOnUnavailable:
    return wrong(f"its ID token: {why}"[:300], "What the provider says of you cannot be trusted.", reason="bad_token")


def _header(token: str) -> Mapping[str, Any]:
    from joserfc import errors, jws

    try:
        return dict(jws.extract_compact(token[: MOST_CHARACTERS + 1].encode(), registry=_registry()).headers())
    except (errors.JoseError, ValueError, TypeError, AttributeError, RecursionError):
        raise invalid("it is no signed token, or too long") from None


def _key(keys: Keys, header: Mapping[str, Any]) -> Any:
    """The one key that may have signed this. Raises UnknownKey, SignOnUnavailable."""
    from joserfc.jwk import import_key

    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise invalid(f"it is signed by {str(algorithm)[:20]!r}, which proves nothing")
    fitting = [one for one in keys if _fits(one, str(algorithm)) and (kid is None or one.get("kid") == kid)]
    if kid is not None and not fitting:
        raise UnknownKey
    if len(fitting) != 1:
        raise invalid("it does not say by which of several keys it is signed")
    return import_key(fitting[0])


def _can_sign(key: Mapping[str, Any]) -> bool:
    operations = key.get("key_ops")
    is_public = key.get("kty") in _PAIRS and "d" not in key
    return is_public and key.get("use", "sig") == "sig" and (not isinstance(operations, list) or "verify" in operations)


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    kty = {"R": "RSA", "P": "RSA"}.get(algorithm[0], "EC" if algorithm.startswith("ES") else "OKP")
    return key.get("kty") == kty and key.get("alg", algorithm) == algorithm


def _check_rest(claims: Mapping[str, Any], client_id: str, now: int, skew_s: int) -> None:
    """What authlib leaves to its callers. Raises SignOnUnavailable."""
    audience, subject = claims["aud"], claims["sub"]
    audiences = [audience] if isinstance(audience, str) else audience
    if client_id not in audiences or (len(audiences) > 1 and claims.get("azp") != client_id):
        raise invalid("it is not meant for this client alone")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise invalid("its subject is empty, or too long")
    if claims["iat"] > now + skew_s:
        raise invalid("it comes from the future; look at both clocks")


@functools.cache
def _registry() -> Any:
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=sorted(ALGORITHMS), strict_check_header=False)
    registry.max_header_length, registry.max_payload_length = 4_096, MOST_CHARACTERS
    return registry
