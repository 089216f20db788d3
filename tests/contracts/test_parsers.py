"""Whatever strangers send, every parser gives a value or the error that it declares: no other exception, no hang, and
no more out than in.

Each parser gets noise, golden input with random edits, and JSON made of the words that it knows. One more parser is one
more line in `CASES`.
"""

import itertools
import json
import re
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_lineup.access.tokens import kind_of, new_token
from model_lineup.api import queries
from model_lineup.api.dependencies import version_wanted
from model_lineup.api.strict import strict_json
from model_lineup.catalog import names
from model_lineup.errors import InvalidInput, KeyUndecryptable, MalformedJson, StartRefused
from model_lineup.settings import Settings, load, networks
from model_lineup.upstream import failures, registry
from model_lineup.upstream.contract import (
    DetailedKind,
    Endpoint,
    ListedModel,
    MalformedError,
    ProviderError,
    Target,
)
from model_lineup.upstream.dialects.ollama import LineParser
from model_lineup.upstream.sse import EventParser, EventTooLargeError
from model_lineup.upstream.wire.addresses import classify
from model_lineup.upstream.wire.egress import check_url
from model_lineup.upstream.wire.faults import AddressRefused
from model_lineup.upstream.wire.origin import BadUrl
from model_lineup.upstream.wire.reader import Reader
from model_lineup.upstream.wire.shapes import Scope
from model_lineup.vault import Vault, new_ring
from tests.fakes.counts import count
from tests.fakes.kind_wire import golden, wire_of

EXAMPLES = count(25, 5_000)
LONGEST_S = 1.0
"""Of processor time for one input of a few kB; the slowest takes milliseconds."""
WHAT_A_BODY_MAY_RAISE = (MalformedError, ProviderError)


@dataclass(frozen=True)
class Case:
    """`read` gets what `inputs` draws and may raise `declared` alone."""

    read: Callable[[Any], Any]
    inputs: st.SearchStrategy[Any]
    declared: tuple[type[Exception], ...] = ()


# What comes in.

EDGES = [0, -1, 1, 2**31, 2**53, 2**63, 2**64, 10**400, 1.5, -0.0, 1e308, "", "x" * 5_000, "\x00", "\u2028", "é", True]
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.sampled_from(EDGES))


def edited(*golden: bytes) -> st.SearchStrategy[bytes]:
    """Good input with pieces of it lost, doubled, moved or replaced; and noise."""
    noise = st.one_of(
        st.binary(max_size=6), st.sampled_from([b"\r\n", b"\n\n", b"\0", b"\xff", b'"', b"{", b"]", b","])
    )
    position = st.integers(0, 10_000)
    edit = st.tuples(st.sampled_from(["cut", "double", "insert", "truncate"]), position, st.integers(0, 40), noise)

    def apply(good: bytes, edits: list[tuple[str, int, int, bytes]]) -> bytes:
        for how, where, length, new in edits:
            at = where % (len(good) + 1)
            if how == "cut":
                good = good[:at] + good[at + length :]
            elif how == "double":
                good = good[: at + length] + good[at:]
            elif how == "insert":
                good = good[:at] + new + good[at:]
            else:
                good = good[: max(at, len(good) // 2)]
        return good

    made = st.builds(apply, st.sampled_from(golden), st.lists(edit, max_size=6))
    return st.one_of(made, made, made, st.binary(max_size=300))


def words_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from words_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words_of(inner)


def json_with(words: set[str], *golden: bytes) -> st.SearchStrategy[bytes]:
    """JSON of any shape with these names in it, as text; lone surrogates, NaN and monsters too. And edited golden."""
    name = st.one_of(st.sampled_from(sorted(words)), st.text(max_size=4))
    value = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(name, inner, max_size=5))
    text = value.map(lambda made: json.dumps(made, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    deep = st.integers(1, 5_000).map(lambda depth: b'{"data":[' * depth)
    return st.one_of(text, text, edited(*golden), deep)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({0, len(data), *(at % (len(data) + 1) for at in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(ends)]


def pieces(whole: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[bytes]]:
    return st.builds(cut, whole, st.lists(st.integers(0, 10_000), max_size=8))


# What reads it.

ANSWERS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.0 500 Oh\r\n\r\nuntil the end",
)
HEAD = 2_000


def read_answer(segments: list[bytes]) -> None:
    reader, body = Reader(HEAD), 0
    reader.expect()
    for segment in segments:
        body += len(reader.feed(segment, 0.0))
        if reader.complete or reader.fault is not None:
            break
    reader.end()
    reader.release()
    assert body <= sum(map(len, segments))


def split_alike(parser: Callable[[], Any]) -> Callable[[list[bytes]], None]:
    """However the bytes are cut, the same events come out."""

    def events(segments: list[bytes]) -> Any:
        one = parser()
        return [event for segment in segments for event in one.feed(segment)]

    def read(segments: list[bytes]) -> None:
        found = events(segments)
        assert found == events([b"".join(segments)])
        assert sum(len(data) for _, data in found) <= sum(map(len, segments))

    return read


def settings_of(environment: dict[str, str]) -> None:
    load({f"LINEUP_{name.upper()}": value for name, value in environment.items()}, data_dir=Path("nowhere"))


def settings_file(text: str) -> None:
    """As `load` reads a file, but for the reading."""
    try:
        stored = tomllib.loads(text)
    except ValueError:
        return  # told in one line: "cannot be read as TOML"
    load({}, **{name: value for name, value in stored.items() if name in Settings.model_fields})


def sum_of_errors(body: bytes) -> None:
    endpoint = Endpoint("openai", "https://api.example.com/v1", api_key="sk-canary-0123456789")
    for status in (200, 400, 401, 404, 429, 500, 999):
        failures.of_status(status, "application/json", body, endpoint, "gpt")
    failures.looks_like_html("", body)
    assert len(failures.error_message(body)) <= len(body) + 100


def kinds() -> Iterator[tuple[str, Case]]:
    """Lists, answers and events of every kind in the registry."""
    for kind_name, kind in registry.offered().items():
        wire = wire_of(kind_name)
        page = json.dumps(wire.page([wire.entry("m-1"), wire.entry("m-2")], "m-2")).encode()
        plain, vector = json.dumps(wire.plain("hello")).encode(), json.dumps(wire.embedding([0.5, -1.0])).encode()
        stream = [*golden(wire), wire.thought("hm"), wire.error("overloaded")]
        parser = kind.dialect.parser()
        events = [data for piece in stream for _, data in parser.feed(piece)]
        words = {
            word for one in (page, plain, vector, *events) if one[:1] == b"{" for word in words_of(json.loads(one))
        }
        endpoint = Endpoint(kind_name, "https://api.example.com/v1", api_key="sk-canary-0123456789")
        chat, embedding = (Target(endpoint, "m-1", task) for task in ("chat", "embedding"))
        body = json_with(words, page, plain, vector)
        yield f"{kind_name}: list", Case(kind.page, body, WHAT_A_BODY_MAY_RAISE)
        if isinstance(kind, DetailedKind):
            read = lambda found, kind=kind: kind.detailed(ListedModel("m-1", {}), found)  # noqa: E731
            yield f"{kind_name}: details", Case(read, body, WHAT_A_BODY_MAY_RAISE)
        for target in (chat, embedding):
            answer = lambda found, kind=kind, target=target: kind.dialect.answer(target, found)  # noqa: E731
            yield f"{kind_name}: {target.task} answer", Case(answer, body, WHAT_A_BODY_MAY_RAISE)
        event = lambda found, kind=kind: kind.dialect.event(*found)  # noqa: E731
        named = st.tuples(
            st.one_of(st.sampled_from(["message", *sorted(event_names(stream))]), st.text(max_size=5)), body
        )
        with_events = st.one_of(named, st.tuples(st.just("message"), json_with(words, *events)))
        yield f"{kind_name}: event", Case(event, with_events, WHAT_A_BODY_MAY_RAISE)
        whole = edited(b"".join(stream))
        yield f"{kind_name}: stream", Case(split_alike(kind.dialect.parser), pieces(whole), (EventTooLargeError,))


def event_names(stream: list[bytes]) -> set[str]:
    return {found.decode() for found in re.findall(rb"^event: (.+)$", b"".join(stream), re.MULTILINE)}


_VAULT = Vault(new_ring())
_SEALED = _VAULT.seal("sk-0123", "provider 1|api_key|https://x").encode()
_TEXT = st.one_of(st.text(max_size=60), st.text('0123456789abcdefx.:/@[]%#?&=+-_~ ,;*"W', max_size=60))
_URL = edited(
    b"https://api.example.com/v1",
    b"http://[::ffff:127.0.0.1]:8080/x?y=z",
    b"http://0x7f.1/",
    "http://①②⑦.0.0.1".encode(),
    b"http://2852039166/latest",
    "https://例え.jp".encode(),
).map(lambda raw: raw.decode("utf-8", "replace"))
_SETTING = st.dictionaries(st.sampled_from(sorted(Settings.model_fields)), _TEXT.filter(lambda t: "\0" not in t))
_TOML = b'port = 8484\nhost = "127.0.0.1"\n[limits]\nx = 1e400\n[[a]]\nb = 1979-05-27T07:32:00Z\n'

CASES: dict[str, Case] = {
    "an HTTP answer": Case(read_answer, pieces(edited(*ANSWERS))),
    "server-sent events": Case(
        split_alike(EventParser),
        pieces(edited(b"event: a\r\ndata: 1\rdata:2\n\n: ping\n\ndata: \xe2\x80\xa8\n\n")),
        (EventTooLargeError,),
    ),
    "lines of JSON": Case(split_alike(LineParser), pieces(edited(b'{"a":1}\n\r\n{"b":2}\n')), (EventTooLargeError,)),
    "an error's body": Case(
        sum_of_errors, json_with({"error", "message", "code", "type", "detail"}, b'{"error":{"message":"x"}}')
    ),
    "a URL": Case(lambda url: [check_url(url, scope) for scope in Scope], _URL, (BadUrl, AddressRefused)),
    "an address": Case(classify, st.one_of(_TEXT, st.ip_addresses().map(str)), (ValueError,)),
    "networks": Case(networks, _TEXT, (ValueError,)),
    "a JSON body": Case(
        strict_json, json_with({"model_ids", "aliases", "a~/b"}, b'{"aliases":[{"alias":"x"}]}'), (MalformedJson,)
    ),
    "a query": Case(
        lambda raw: queries.check(raw, frozenset({"q", "limit"})),
        edited(b"q=a%2Bb+c&limit=10", b"q=%ff&q=1"),
        (InvalidInput,),
    ),
    "If-Match": Case(lambda said: version_wanted(7, said), st.one_of(_TEXT, st.just('W/"7-3", "8-1"'))),
    "a token": Case(
        kind_of, st.one_of(_TEXT, edited(*(new_token(kind).encode() for kind in ("access", "admin"))).map(repr))
    ),
    "a sealed secret": Case(
        lambda sealed: _VAULT.open(sealed, "provider 1|api_key|https://x"),
        st.one_of(_TEXT, edited(_SEALED).map(lambda raw: raw.decode("latin-1"))),
        (KeyUndecryptable,),
    ),
    "an alias": Case(lambda text: names.check_alias(text, "/alias"), _TEXT, (InvalidInput,)),
    "a model id": Case(lambda text: names.check_model_id(text, "/model_id"), st.text(max_size=600), (InvalidInput,)),
    "settings of the environment": Case(settings_of, _SETTING, (StartRefused,)),
    "a settings file": Case(
        settings_file, edited(_TOML).map(lambda raw: raw.decode("utf-8", "replace")), (StartRefused,)
    ),
    **dict(kinds()),
}


@pytest.mark.hard
@pytest.mark.timeout(2_400)
@pytest.mark.parametrize("name", CASES)
def test_a_value_or_the_declared_error(name: str, did: Callable[[str], None]) -> None:
    case, slowest, refused = CASES[name], [0.0], [0]

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
    )
    @given(case.inputs)
    def survives(found: Any) -> None:
        began = time.process_time()
        try:
            case.read(found)
        except case.declared:
            refused[0] += 1
        took_s = time.process_time() - began
        slowest[0] = max(slowest[0], took_s)
        assert took_s < LONGEST_S

    survives()
    did(f"{EXAMPLES} inputs, {refused[0]} refused as declared, the slowest in {slowest[0] * 1000:.0f} ms")


def test_an_event_of_endless_empty_lines_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """They hold no bytes, and would fill the memory all the same."""
    monkeypatch.setattr("model_lineup.upstream.sse.MAX_EVENT", 1_000)
    parser = EventParser()
    parser.feed(b"data:\n" * 1_000)
    with pytest.raises(EventTooLargeError):
        parser.feed(b"data:\n")


def test_every_kind_of_provider_is_among_them() -> None:
    for kind in registry.offered():
        assert {f"{kind}: {what}" for what in ("list", "chat answer", "embedding answer", "event", "stream")} <= set(
            CASES
        )
