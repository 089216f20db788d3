"""ID tokens: the good one, and each way in which one can be none of ours."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from model_lineup.errors import SignOnUnavailable
from model_lineup.signon.tokens import UnknownKey, claims_of, read_keys
from tests.fakes.issuer import key, signed

NOW = 1_790_000_000
GOOD: dict[str, Any] = {"iss": "https://id.example", "aud": "us", "sub": "u", "nonce": "n", "iat": NOW, "exp": NOW + 60}
KEYS = [key("one").as_dict(private=False)]


def read(token: str, keys: list[dict[str, Any]] | None = None, access_token: str | None = "at") -> dict[str, Any]:
    return claims_of(
        token,
        KEYS if keys is None else keys,
        issuer="https://id.example",
        client_id="us",
        nonce="n",
        access_token=access_token,
        now=NOW,
        skew_s=30,
    )


def half_hash(text: str) -> str:
    """As RS256 and ES256 have it: the left half of the digest."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


def part(said: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"aud": ["us"]},
        {"aud": ["us", "them"], "azp": "us"},
        {"azp": "us"},
        {"exp": NOW - 29},
        {"iat": NOW + 29},
        {"nbf": NOW + 29},
        {"at_hash": half_hash("at")},
    ],
)
def test_a_good_token_says_who_it_is(other: dict[str, Any]) -> None:
    assert read(signed(GOOD | other))["sub"] == "u"


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"iss": ["https://id.example"]},
        {"aud": "them"},
        {"aud": None},
        {"aud": []},
        {"aud": 7},
        {"aud": ["us", "them"]},
        {"aud": ["us", "them"], "azp": "them"},
        {"azp": "them"},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"nonce": None},
        {"nonce": "other"},
        {"nonce": 7},
        {"exp": NOW - 31},
        {"exp": None},
        {"exp": "soon"},
        {"iat": NOW + 31},
        {"iat": None},
        {"iat": "now"},
        {"nbf": NOW + 31},
        {"at_hash": "AAAA"},
        {"at_hash": 7},
        {"amr": "pwd"},
    ],
)
def test_a_token_that_lies_is_not_believed(lie: dict[str, Any]) -> None:
    claims = {name: value for name, value in (GOOD | lie).items() if value is not None}
    with pytest.raises(SignOnUnavailable):
        read(signed(claims))


def test_a_token_nobody_signed_proves_nothing() -> None:
    for algorithm in ("none", "None", "NONE", "", "HS256", None, 7, ["ES256"]):
        with pytest.raises(SignOnUnavailable):
            read(f"{part({'alg': algorithm})}.{part(GOOD)}.")


def test_a_public_key_is_no_shared_secret() -> None:
    said = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(GOOD)}"
    for secret in (json.dumps(KEYS[0]).encode(), key("one").as_pem(private=False)):
        forged = base64.urlsafe_b64encode(hmac.digest(secret, said.encode(), "sha256")).rstrip(b"=").decode()
        with pytest.raises(SignOnUnavailable):
            read(f"{said}.{forged}")


def test_a_token_of_another_key_is_not_believed_whatever_it_is_called() -> None:
    other = ECKey.generate_key("P-256", {"kid": "one"})
    with pytest.raises(SignOnUnavailable):
        read(jwt.encode({"alg": "ES256", "kid": "one"}, GOOD, other, algorithms=["ES256"]))
    header = {"alg": "ES256", "kid": "one", "jwk": other.as_dict(private=False)}
    brings_its_key = jwt.encode(header, GOOD, other, algorithms=["ES256"])
    with pytest.raises(SignOnUnavailable):
        read(brings_its_key)


def test_what_is_critical_and_unknown_is_not_passed_over() -> None:
    with pytest.raises(SignOnUnavailable):
        read(f"{part({'alg': 'ES256', 'kid': 'one', 'crit': ['exp'], 'exp': 1})}.{part(GOOD)}.AAAA")


def test_a_key_that_is_not_known_may_be_a_new_one() -> None:
    with pytest.raises(UnknownKey):
        read(signed(GOOD, "two"))


def test_without_a_name_there_must_be_one_key_alone() -> None:
    bare = jwt.encode({"alg": "ES256"}, GOOD, key("one"), algorithms=["ES256"])
    assert read(bare)["sub"] == "u"
    with pytest.raises(SignOnUnavailable):
        read(bare, [*KEYS, key("two").as_dict(private=False)])


@pytest.mark.parametrize(
    "junk", ["", ".", "..", "a.b.c", "x" * 200_000, "\x00", "ü.ü.ü", "....", signed(GOOD)[:-1], signed(GOOD) + ".x"]
)
def test_what_is_no_token_is_told_so(junk: str) -> None:
    with pytest.raises(SignOnUnavailable):
        read(junk)


def test_deep_and_strange_claims_are_told_so() -> None:
    head, _, signature = signed(GOOD).split(".")
    for payload in ("[" * 50_000, "null", '"text"', "7", '{"sub": NaN}'):
        body = base64.urlsafe_b64encode(payload.encode()).rstrip(b"=").decode()
        with pytest.raises(SignOnUnavailable):
            read(f"{head}.{body}.{signature}")


def test_of_a_key_set_only_public_keys_that_sign_count() -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": "s"}
    private = key("two").as_dict(private=True)
    sealing = {**key("two").as_dict(private=False), "use": "enc"}
    said = json.dumps({"keys": [secret, private, sealing, 7, None, KEYS[0]]}).encode()
    assert read_keys(said) == KEYS
    for bad in (b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": []}', b'{"keys": 7}', b"\xff", b"[" * 100_000):
        with pytest.raises(SignOnUnavailable):
            read_keys(bad)


def test_a_key_that_is_broken_is_told_so() -> None:
    with pytest.raises(SignOnUnavailable):
        read(signed(GOOD), [{**KEYS[0], "x": "AAAA"}])
