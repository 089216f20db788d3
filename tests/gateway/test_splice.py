"""Passing a stream on: only the model's name changes, however the network cut it."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_lineup.gateway.splice import StreamSplicer
from model_lineup.upstream.contract import Surface

CHUNKS = [
    '{"id":"c","model":"up/stream","choices":[{"index":0,"delta":{"content":"say \\"model\\":\\"up/stream\\" ☃"}}]}',
    '{"choices":[{"index":0,"delta":{"content":"\u2028"}}], "model" : "up/stream"}',
    '{"id":"c","model":"up/stream","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x":{"model":"other"}}',
    '{"id":"c","model":"up/stream","choices":[],"usage":{"prompt_tokens":1}}',
    "[DONE]",
]
ENDS = ("\n", "\r\n", "\r")


def stream_of(end: str) -> bytes:
    return "".join(f": note{end}data: {chunk}{end}{end}" for chunk in CHUNKS).encode()


def passed(stream: bytes, cuts: list[int], *, surface: Surface = "chat", drop_usage: bool = False) -> bytes:
    splicer = StreamSplicer(surface, "house/☃", drop_usage=drop_usage)
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    out = b"".join(splicer.feed(stream[start:end]) for start, end in itertools.pairwise(edges))
    return out + splicer.rest()


@given(st.sampled_from(ENDS), st.lists(st.integers(0, 2000), max_size=12), st.booleans())
def test_the_cuts_of_the_network_make_no_difference(end: str, cuts: list[int], drop_usage: bool) -> None:
    stream = stream_of(end)
    assert passed(stream, cuts, drop_usage=drop_usage) == passed(stream, [], drop_usage=drop_usage)


def test_many_chunks_in_one_piece_are_named_as_each_by_itself() -> None:
    chunks = [CHUNKS[0], *CHUNKS * 2, '{"id":"c","model":"up/other","choices":[]}', *CHUNKS]
    lines = [f"data: {chunk}\n\n".encode() for chunk in chunks]
    edges = list(itertools.accumulate(map(len, lines)))
    assert passed(b"".join(lines), []) == passed(b"".join(lines), edges)
    assert passed(b"".join(lines), []).count(b"up/other") == 0


@pytest.mark.parametrize("end", ENDS)
def test_only_the_top_level_model_changes(end: str) -> None:
    expected = stream_of(end).decode()
    name = json.dumps("house/☃", ensure_ascii=False)
    expected = expected.replace('"id":"c","model":"up/stream"', f'"id":"c","model":{name}')
    expected = expected.replace('"model" : "up/stream"', f'"model" : {name}')
    assert passed(stream_of(end), []).decode() == expected


def test_the_usage_that_lineup_asked_for_is_taken_out_with_its_blank_line() -> None:
    out = passed(stream_of("\n"), [], drop_usage=True).decode()
    assert "usage" not in out
    assert "\n\n\n" not in out
    assert out.count("data:") == len(CHUNKS) - 1


@pytest.mark.parametrize(
    ("chunk", "dropped"),
    [
        ('{"choices":[],"usage":{"prompt_tokens":1}}', True),
        ('{"usage":{"prompt_tokens":1,"details":{"x":[]}},"choices":[]}', True),
        ('{"id":"c","choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":1}}', True),
        ('{"usage":{"prompt_tokens":1},"choices":[ {"index":0, "delta": { }, "finish_reason":null} ]}', True),
        ('{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}', False),
        ('{"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"usage":{"prompt_tokens":1}}', False),
        ('{"choices":[{"index":0,"delta":{"content":"x"}}],"usage":{"prompt_tokens":1}}', False),
        ('{"choices":[],"prompt_filter_results":[{}],"usage":null}', False),
        ('{"choices":[{"index":0,"delta":{}}],"usage":null}', False),
    ],
)
def test_only_what_tells_nothing_but_usage_is_taken_out(chunk: str, dropped: bool) -> None:
    out = passed(f"data: {chunk}\n\n".encode(), [], drop_usage=True)
    assert out == (b"" if dropped else f"data: {chunk}\n\n".encode())


def test_a_message_names_its_model_once_at_its_start() -> None:
    stream = (
        b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"up"}}\n\n'
        b'event: x\ndata: {"type":"other","model":"up"}\n\n'
    )
    out = passed(stream, [], surface="messages").decode()
    assert '"message":{"id":"m","model":"house/☃"}' in out
    assert '{"type":"other","model":"up"}' in out
