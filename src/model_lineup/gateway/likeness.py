"""What the chunks of one stream have in common: one that says the same as another but for its text need not be read.

Nearly all chunks of a chat are alike but for the text between two quotes. What was read of one (no error, no usage, no
end) then holds for the next as well, whose bytes are the same around another text; and so does what was put in place
of the model's name. To see that takes a tenth of the time that reading takes.
"""

import re
from typing import NamedTuple

from model_lineup.upstream.contract import MalformedError, ProviderError, Reading

_TEXT = re.compile(rb'"content": ?"((?:[^"\\]|\\.)+)"')
_ESCAPED = re.compile(rb'(?:[^"\\\x00-\x1f]|\\["\\/bfnrt])+')
_BLANK = b"\n\n"


class Likeness(NamedTuple):
    """`head`, `tail`: a chunk's line of data before and behind its text; `named_*`: as the caller gets them, which for
    `is_named` is just as they are."""

    head: bytes
    tail: bytes
    named_head: bytes
    named_tail: bytes
    is_named: bool

    def of(self, piece: bytes) -> tuple[bytes, int] | None:
        """What the caller gets for a piece, and how many chunks are in it; None where one of them is different."""
        head, tail = self.head, self.tail
        if not piece.startswith(head):
            return None
        alone = piece[len(head) : -len(tail) - 2]
        if piece.endswith(tail + _BLANK) and _is_text(alone):
            return piece if self.is_named else self._named((alone,)), 1
        *lines, rest = piece.split(_BLANK)
        if rest:
            return None
        texts = []
        for line in lines:
            text = line[len(head) : -len(tail)]
            if not (line.startswith(head) and line.endswith(tail) and _is_text(text)):
                return None
            texts.append(text)
        return piece if self.is_named else self._named(texts), len(texts)

    def _named(self, texts: "tuple[bytes, ...] | list[bytes]") -> bytes:
        return b"".join([b"%b%b%b\n\n" % (self.named_head, text, self.named_tail) for text in texts])


def likeness(piece: bytes, named: bytes, reading: Reading) -> Likeness | None:
    """What others will have in common with this chunk, for which the caller gets `named`; None for what is no chunk of
    text by itself. Both are whole events, and nothing of them came before."""
    found, put = _TEXT.search(piece), _TEXT.search(named)
    if found is None or put is None or found[0] != put[0] or not _is_text(found[1]):
        return None
    if piece.count(b'"content"') != 1 or piece.count(b"\n") != 2 or not piece.startswith(b"data: "):
        return None
    try:
        event = reading.event("message", piece[6:-2])
    except (MalformedError, ProviderError):
        return None
    if not event.text or event.finish_reason is not None or event.usage is not None or event.done:
        return None
    head, tail = piece[: found.start(1)], piece[found.end(1) : -2]
    named_head, named_tail = named[: put.start(1)], named[put.end(1) : -2]
    return Likeness(head, tail, named_head, named_tail, (head, tail) == (named_head, named_tail))


def _is_text(text: bytes) -> bool:
    """Whether it is the inside of a JSON string, and not empty; some that are look odd enough to be read."""
    if b"\\" in text:
        if _ESCAPED.fullmatch(text) is None:
            return False
    elif b'"' in text or not text:
        return False
    try:
        return text.decode().isprintable()
    except UnicodeDecodeError:
        return False
