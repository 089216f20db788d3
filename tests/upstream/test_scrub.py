"""What providers say about failures holds no secret once it is scrubbed."""

from base64 import b64encode
from urllib.parse import quote

import pytest

from model_lineup.upstream.contract import Endpoint
from model_lineup.upstream.scrub import scrub

KEY = "k3y/with+odd=characters&more"
ENDPOINT = Endpoint("openai", "https://example.test/v1", api_key=KEY, headers=(("x-tenant", "tenant-secret"),))


@pytest.mark.parametrize("form", [KEY, quote(KEY, safe=""), b64encode(KEY.encode()).decode(), KEY.encode().hex()])
def test_the_key_disappears_in_every_usual_encoding(form: str) -> None:
    assert scrub(f"Bad key {form}!", ENDPOINT).startswith("Bad key ***")
    assert form.rstrip("=") not in scrub(f"Bad key {form}!", ENDPOINT)


def test_values_of_extra_headers_disappear() -> None:
    assert scrub("no such tenant: tenant-secret", ENDPOINT) == "no such tenant: ***"


def test_what_looks_like_a_key_disappears_whoever_it_belongs_to() -> None:
    assert "abcdefghijkl" not in scrub("Incorrect API key provided: sk-abcdefghijkl.", ENDPOINT)


def test_a_key_at_the_cut_leaves_no_half() -> None:
    assert KEY[:4] not in scrub("x" * 190 + KEY, ENDPOINT)


def test_one_line_of_at_most_200_characters() -> None:
    text = scrub("a\nb\x00\u2028c\ud800 " + "x" * 500, ENDPOINT)
    assert text.startswith("a b c x")
    assert len(text) == 200


def test_an_endpoint_never_shows_its_key() -> None:
    assert KEY not in repr(ENDPOINT)
    assert "tenant-secret" not in repr(ENDPOINT)
    assert KEY not in str(list(ENDPOINT.__rich_repr__()))
