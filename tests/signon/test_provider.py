"""A provider that is down, slow, or says what it should not: told apart, noted, and never waited for."""

import json
import shutil
import time
from typing import Any

import pytest

from model_lineup.errors import SignOnUnavailable
from tests.fakes.clock import ManualClock
from tests.fakes.issuer import KEYS, METADATA, TOKEN, USERINFO, Issuer, key
from tests.fakes.provider import CUT, HANG, Answer, head, reply
from tests.signon.conftest import Traveller, Travels

HUGE = b"x" * 300_000
BROKEN: dict[str, Answer] = {
    "not there": reply("no", status=404),
    "failing": reply("oops", status=500),
    "a redirect": reply("", status=302, headers=["location: http://127.0.0.1:1/"]),
    "a page": reply("<html>", content_type="text/html"),
    "huge": reply(HUGE),
    "cut": [head(200, "application/json", "content-length: 100") + b"{", CUT],
    "no text": reply(b"\xff\xfe"),
    "deep": reply(b"[" * 100_000),
    "null": reply("null"),
    "list": reply("[]"),
}


def why(traveller: Traveller) -> str:
    event, details = traveller.noted()[0]
    assert event == "sign_on_failed"
    return f"{details['reason']}: {details['why']}"


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("path", [METADATA, KEYS, TOKEN, USERINFO])
def test_whatever_it_answers_is_told_as_a_failure_of_its_own(
    travels: Travels, issuer: Issuer, path: str, answer: Answer
) -> None:
    issuer.provider.answer(path, answer)
    with travels() as traveller:
        with pytest.raises(SignOnUnavailable) as caught:
            traveller.sign_in()
        assert why(traveller)
        assert issuer.issuer not in caught.value.detail


@pytest.mark.parametrize("path", [METADATA, KEYS, TOKEN, USERINFO])
def test_a_silent_one_is_not_waited_for(travels: Travels, issuer: Issuer, path: str) -> None:
    issuer.provider.answer(path, [HANG])
    with travels(oidc_timeout_s=0.1) as traveller:
        began = time.monotonic()
        with pytest.raises(SignOnUnavailable):
            traveller.sign_in()
        assert time.monotonic() - began < 30  # and not for as long as it is silent
        assert "provider_unreachable" in why(traveller)


def test_one_that_is_down_is_told_without_its_address(travels: Travels) -> None:
    with travels(oidc_issuer="http://127.0.0.1:9") as traveller:
        with pytest.raises(SignOnUnavailable) as caught:
            traveller.begin()
        assert "127.0.0.1" not in caught.value.detail
        assert "127.0.0.1:9" in why(traveller)


@pytest.mark.parametrize(
    ("lies", "said"),
    [
        ({"issuer": "http://evil.example"}, "it calls itself 'http://evil.example'"),
        ({"issuer": None}, "metadata cannot be read"),
        ({"authorization_endpoint": None}, "metadata cannot be read"),
        ({"token_endpoint": "https://192.0.2.1/token"}, "token_endpoint: "),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri: "),
        ({"jwks_uri": "http://169.254.169.254/keys"}, "jwks_uri: "),
        ({"userinfo_endpoint": "http://user:pass@127.0.0.1/"}, "userinfo_endpoint: "),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint: "),
        ({"end_session_endpoint": "//evil.example"}, "end_session_endpoint: "),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE"),
        ({"token_endpoint": 7}, "metadata cannot be read"),
    ],
)
def test_what_it_says_of_itself_is_looked_at(travels: Travels, issuer: Issuer, lies: dict[str, Any], said: str) -> None:
    issuer.describes(**lies)
    with travels() as traveller:
        with pytest.raises(SignOnUnavailable):
            traveller.begin()
        assert said in why(traveller)


@pytest.mark.parametrize(
    "answer",
    [
        reply({"error": "invalid_grant"}, status=400),
        reply({"error": "x" * 10_000}, status=401),
        reply({"access_token": "at"}),
        reply({"id_token": 7}),
        reply({"id_token": "a.b.c"}),
        reply({"id_token": "x" * 200_000}),
    ],
)
def test_a_code_that_it_does_not_take_back_lets_nobody_in(travels: Travels, issuer: Issuer, answer: Answer) -> None:
    issuer.provider.answer(TOKEN, answer)
    with travels() as traveller, pytest.raises(SignOnUnavailable):
        traveller.sign_in()


def test_the_userinfo_of_somebody_else_is_not_taken(travels: Travels, issuer: Issuer) -> None:
    issuer.provider.answer(USERINFO, reply({"sub": "u-2", "email": "boss@example.com", "email_verified": True}))
    with travels() as traveller:
        with pytest.raises(SignOnUnavailable):
            traveller.sign_in()
        assert "somebody else" in why(traveller)


def test_a_new_key_is_looked_for_once_and_a_made_up_one_does_not_flood_the_provider(
    travels: Travels, issuer: Issuer, clock: ManualClock
) -> None:
    issuer.knows(sub="u-1", email="ada@example.com", email_verified=True)
    with travels() as traveller:
        traveller.sign_in()
        issuer.signs_with = "two"
        for _ in range(3):
            with pytest.raises(SignOnUnavailable):
                traveller.sign_in()
        assert len(issuer.asked(KEYS)) == 1  # read a moment ago
        issuer.lists("one", "two")
        clock.advance(31)
        traveller.sign_in()
        assert len(issuer.asked(KEYS)) == 2
        assert len(issuer.asked(METADATA)) == 1
        clock.advance(601)
        traveller.sign_in()
        assert (len(issuer.asked(KEYS)), len(issuer.asked(METADATA))) == (3, 2)


def test_the_client_proves_itself_as_the_provider_wants_it(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(sub="u-1", email="ada@example.com", email_verified=True)
    for methods, header, body in (
        (None, "Basic bGluZXVwOnMzY3JldC1vZi10aGUtY2xpZW50", b""),
        (["client_secret_post"], "", b"client_secret=s3cret-of-the-client"),
    ):
        issuer.provider.requests.clear()
        issuer.describes(token_endpoint_auth_methods_supported=methods)
        with travels(oidc_sign_up=True) as traveller:
            traveller.sign_in()
        [asked] = issuer.asked(TOKEN)
        assert asked.header("authorization") == header
        assert body in asked.body
        assert b"code_verifier=" in asked.body
        shutil.rmtree(traveller.rooms.settings.data_dir)


def test_without_a_secret_it_is_a_public_client(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(sub="u-1", email="ada@example.com", email_verified=True)
    with travels(oidc_client_secret=None) as traveller:
        traveller.sign_in()
    [asked] = issuer.asked(TOKEN)
    assert b"client_id=lineup" in asked.body
    assert b"secret" not in asked.body


def test_a_way_of_proving_that_we_do_not_know_is_told(travels: Travels, issuer: Issuer) -> None:
    issuer.describes(token_endpoint_auth_methods_supported=["private_key_jwt"])
    with travels() as traveller:
        with pytest.raises(SignOnUnavailable):
            traveller.sign_in()
        assert "private_key_jwt" in why(traveller)


def test_its_keys_may_hold_what_we_do_not_know(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(sub="u-1", email="ada@example.com", email_verified=True)
    listed = [{"kty": "oct", "k": "AAAA"}, {"kty": "AKP", "kid": "new"}, 7, key("one").as_dict(private=False)]
    issuer.provider.answer(KEYS, reply(json.dumps({"keys": listed})))
    with travels() as traveller:
        traveller.sign_in()
