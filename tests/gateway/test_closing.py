"""Where the piece that completes the closing event ends for the caller. Whole streams are cut in test_recut_streams."""

import pytest

from model_lineup.gateway.closing import end_of_mark

OTHERS = b'data: {"content":"[DONE]"}\n\ndata: [DONE]\n\n'


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("line", [b"data: [DONE]", b"data:[DONE]", b"data: [DONE]\nid: 7"])
def test_what_follows_the_closing_event_is_another_callers(line: bytes, end: bytes) -> None:
    mine = (b'data: {"content":"[DONE]"}\n\n' + line + b"\n\n").replace(b"\n", end)
    assert end_of_mark(b"[DONE]", mine + OTHERS, b"") == len(mine)
    assert end_of_mark(b"[DONE]", mine, b"") == len(mine)


@pytest.mark.parametrize(
    ("before", "piece", "kept"),
    [
        (b"O", b"NE]\n\n", b"NE]\n\n"),
        (b"]", b"\r\n\r\n", b"\r\n\r\n"),
        (b"]", b"\n\r\n", b"\n\r\n"),
        (b"\n", b"\n", b"\n"),
        (b"\n", b"\r\n", b"\r\n"),
        (b"\r", b"\r", b"\r"),
        (b"\r", b"\n\r\n", b"\n\r\n"),
    ],
)
def test_it_is_found_where_its_line_began_in_an_earlier_piece(before: bytes, piece: bytes, kept: bytes) -> None:
    assert piece[: end_of_mark(b"[DONE]", piece + OTHERS, before)] == kept
