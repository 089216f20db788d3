"""Where the piece that completes the closing event ends for the caller. Whole streams are cut in test_recut_streams."""

import pytest

from model_lineup.gateway.closing import end_of_mark, unfinished

OTHERS = b'data: {"content":"[DONE]"}\n\ndata: [DONE]\n\n'


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("line", [b"data: [DONE]", b"data:[DONE]", b"data: [DONE]\nid: 7"])
def test_what_follows_the_closing_event_is_another_callers(line: bytes, end: bytes) -> None:
    mine = (b'data: {"content":"[DONE]"}\n\n' + line + b"\n\n").replace(b"\n", end)
    assert end_of_mark(b"[DONE]", mine + OTHERS, b"") == len(mine)
    assert end_of_mark(b"[DONE]", mine, b"") == len(mine)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_it_is_found_wherever_the_network_cut_it(end: bytes) -> None:
    mine = b'data: {"content":"x"}\n\ndata: [DONE]\n\n'.replace(b"\n", end)
    for cut in range(len(mine)):
        before, piece = unfinished(mine[:cut]), mine[cut:]
        assert piece[: end_of_mark(b"[DONE]", piece + OTHERS, before)] == piece


def test_what_is_finished_is_forgotten() -> None:
    assert [unfinished(block) for block in (b"a\n\n", b"a\n\nb", b"a\r\n\r\nb\r\n", b"a\r\rb", b"ab")] == [
        *(b"", b"b", b"b\r\n", b"b", b"ab")
    ]
