"""The shape of tokens: a prefix that tells the kind, 256 bits, and a checksum."""

import re
import zlib

import pytest

from model_lineup.access.tokens import ALPHABET, PREFIXES, kind_of, new_token, token_from

SCANNER = re.compile(r"\blineup_(at|rt|usr|agt|adm|set|bro)_[0-9A-Za-z]{49}\b")
"""What a secret scanner looks for."""


@pytest.mark.parametrize("kind", PREFIXES)
def test_every_token_says_what_it_is(kind: str) -> None:
    tokens = [new_token(kind) for _ in range(100)]
    assert len(set(tokens)) == 100
    assert all(SCANNER.fullmatch(token) and token.startswith(PREFIXES[kind]) for token in tokens)
    assert {kind_of(token) for token in tokens} == {kind}


@pytest.mark.parametrize("kind", PREFIXES)
def test_a_checksum_finds_every_single_mistyped_character(kind: str) -> None:
    token = new_token(kind)
    for position, right in enumerate(token):
        wrong = "0" if right != "0" else "1"
        assert kind_of(token[:position] + wrong + token[position + 1 :]) is None
    swapped = [i for i in range(len(token) - 1) if token[i] != token[i + 1]]
    assert all(kind_of(token[:i] + token[i + 1] + token[i] + token[i + 2 :]) is None for i in swapped)


@pytest.mark.parametrize("change", [" {}", "{} ", "{}\n", "{}0", "\t{}", "Bearer {}"])
def test_what_is_around_a_token_is_not_forgiven(change: str) -> None:
    assert kind_of(change.format(new_token("user"))) is None


def test_other_texts_are_no_tokens() -> None:
    short = PREFIXES["user"] + "a" * 48
    unknown = "lineup_xyz_" + "a" * 43
    number, checksum = zlib.crc32(unknown.encode()), ""
    for _ in range(6):
        number, rest = divmod(number, len(ALPHABET))
        checksum += ALPHABET[rest]
    for text in ("", "sk-1234", short, unknown + checksum, "lineup_usr_" + "é" * 49, "\ud800", "\x00"):
        assert kind_of(text) is None


def test_a_derived_token_is_always_the_same_and_differs_by_kind_and_seed() -> None:
    assert token_from("access", bytes(32)) == token_from("access", bytes(32))
    assert len({token_from(kind, bytes([n]) * 32) for kind in ("access", "refresh") for n in range(256)}) == 512
    assert kind_of(token_from("refresh", b"\xff" * 32)) == "refresh"
