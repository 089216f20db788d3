"""URLs are read strictly, and an origin has one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_lineup.upstream.wire import BadUrl, Origin
from model_lineup.upstream.wire.origin import split_url


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com:443"),
        ("HTTPS://API.OpenAI.com", "https://api.openai.com:443"),
        ("https://api.openai.com.:443/", "https://api.openai.com:443"),
        ("http://ollama_server:11434", "http://ollama_server:11434"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
        ("http://[2001:DB8:0:0::1]", "http://[2001:db8::1]:80"),
        ("https://bücher.example", "https://xn--bcher-kva.example:443"),
        ("https://ａｐｉ.example", "https://api.example:443"),
        ("http://127.0.0.1", "http://127.0.0.1:80"),
        ("https://a-b.1c.example:08443?x", "https://a-b.1c.example:8443"),
    ],
)
def test_an_origin_has_one_spelling(url: str, text: str) -> None:
    assert str(Origin.of(url)) == text
    assert Origin.of(text) == Origin.of(url)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "absolute"),
        ("api.openai.com/v1", "absolute"),
        ("//api.openai.com", "absolute"),
        ("https:/api.openai.com", "absolute"),
        ("https:api.openai.com", "absolute"),
        ("ftp://api.openai.com", "https://"),
        ("file:///etc/passwd", "https://"),
        ("https://", "no host"),
        ("https:///v1", "no host"),
        ("https://:443", "no host"),
        ("https://.", "no host"),
        ("https://a..b", "no host"),
        ("https://a%2eb", "no host"),
        ("https://a,b", "no host"),
        ("https://" + "a" * 64, "no host"),
        ("https://" + ".".join(["a" * 60] * 5), "no host"),
        ("https://user@host", "user name or password"),
        ("https://user:word@host", "user name or password"),
        ("https://host#x", "fragment"),
        ("https://host/#", "fragment"),
        ("https://host:", "port"),
        ("https://host:0", "port"),
        ("https://host:65536", "port"),
        ("https://host:+443", "port"),
        ("https://host:4_43", "port"),
        ("https://host:４４３", "port"),
        ("https://host:443:443", "port"),
        ("https://::1", "port|no host"),
        ("https://[::1", "bracket"),
        ("https://[::1]x", "bracket"),
        ("https://[::g]", "IPv6"),
        ("https://[127.0.0.1]", "IPv6"),
        ("https://[fe80::1%25eth0]", "zone"),
        ("https://1.2.3.4.5", "no IPv4"),
        ("https://256.1.1.1", "no IPv4"),
        ("https://example.0x7g.1", "no IPv4"),
        ("https://host\\@evil", "backslash"),
        ("https://ho st", "space"),
        ("https://host/a b", "space"),
        ("https://host\t", "control"),
        ("https://host/\r\nx", "control"),
        ("https://host/\x7f", "control"),
        ("https://host/\x00", "control"),
        ("https://host/é", "percent-encoded"),
        ("https://straße.example", "xn--"),
        ("https://xn--\u200d.example", "xn--"),
        ("https://a\u0338b.\ud800", "name|xn--"),
    ],
)
def test_a_strange_url_is_refused_with_a_reason(url: str, told: str) -> None:
    with pytest.raises(BadUrl, match=told) as caught:
        Origin.of(url)
    assert "word" not in str(caught.value).replace("password", "")


def test_path_and_query_reach_the_request_line_untouched() -> None:
    assert split_url("https://host").target == "/"
    assert split_url("https://host?x").target == "/?x"
    assert split_url("https://host/a/../b//c;d?e=f?g%20").target == "/a/../b//c;d?e=f?g%20"


@given(st.text(max_size=40))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://host:{text}", f"https://[{text}]/"):
        try:
            origin = Origin.of(url)
        except BadUrl:
            continue
        assert origin.host.isascii()
        assert Origin.of(str(origin)) == origin
