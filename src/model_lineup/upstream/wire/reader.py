"""Bytes to responses: drives the parser, bounds what it is fed, and knows whether a response ended exactly.

One per connection; knows no transport and no time.
"""

import httptools

from model_lineup.upstream.wire.again import HeadAgain, head_again, with_length
from model_lineup.upstream.wire.faults import HeadTooLarge, ProtocolBroken, WireError
from model_lineup.upstream.wire.framing import Framing, ends_in_blank_line, read_framing
from model_lineup.upstream.wire.inbox import Head

HEADS_LEARNT = 8
"""In a row, without one that came again; who sends another one each time is read each time."""
_TAIL = 5
"""Bytes, in which a blank line and what stands before it can be told."""


class Surplus(Exception):
    """Raised out of the parser: a second message begins behind the response."""


class Reader:
    """`head` is set once it is complete, `complete` once the whole response is, `fault` once it never will be.

    `reusable`: the response is complete, nothing follows it, and the other side keeps the connection open.
    """

    def __init__(self, max_head_bytes: int) -> None:
        self._max_head_bytes = max_head_bytes
        self._parts: list[bytes] = []
        self.on_body = self._parts.append  # the parser calls the list itself
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._known: tuple[HeadAgain, Head] | None = None
        self._may_learn = HEADS_LEARNT
        self.expect()

    def expect(self) -> None:
        """Forget the last response: a request goes out, another one will come."""
        self.head: Head | None = None
        self.heard = False
        self.complete = False
        self.reusable = False
        self.fault: WireError | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        self._framing: Framing | None = None
        self._stays_open = False
        self._interim = self._interim_came = False
        self._since_body = 0
        self._tail = b""

    def feed(self, data: bytes, at: float) -> bytes:
        """Take what arrived at `at`; gives back the body bytes in it."""
        is_first = not self.heard
        if is_first:
            self.heard = True
            if self._known is not None and (known := self._read_before(data, at, *self._known)) is not None:
                return known
            if not b"HTTP/".startswith(data[:5]):  # the parser would take RTSP/, ICE/ and leading line ends
                self.fault = ProtocolBroken("What came is not an HTTP/1.1 response.")
                return b""
        self._at = at
        counted = self._framing is not None and self._framing.by_length
        self.fault = self._parse(data)
        parts = self._parts
        body = parts.pop() if len(parts) == 1 else self._joined()
        if self.complete:
            self.reusable = self._stays_open and self.fault is None and self._ends_exactly(data, len(body), counted)
            self.fault = None
            if is_first and self.reusable and self._may_learn:
                self._learn(data)
        elif self.fault is None:
            if body and len(data) >= _TAIL:
                self._since_body, self._tail = 0, data[-_TAIL:]
            else:
                self._bound(data, len(body))
        return body

    def end(self) -> bool:
        """The other side closed. Whether the response is complete by that."""
        return self._framing is not None and self._framing.by_close

    def release(self) -> None:
        """Break the cycles with the parser and with what went wrong, so that no garbage collection has to."""
        self._parser = self.fault = None

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.complete:
            raise Surplus

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.head is not None:
            return  # a trailer: nobody asked for it
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > self._max_head_bytes:
            raise self._too_large()
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        parser = self._parser
        assert parser is not None
        status = parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            self._interim = self._interim_came = True
            self._headers.clear()
            return
        framing = self._framing = read_framing(status, parser.get_http_version(), self._headers)
        self._stays_open = framing.clean and parser.should_keep_alive()
        self.head = Head(status, self._headers, self._at, framing.by_close)

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
        else:
            self.complete = True

    # Helpers.

    def _read_before(self, data: bytes, at: float, again: HeadAgain, head: Head) -> bytes | None:
        """The body of a whole response whose head is that of an earlier one, but for its length."""
        body = again.body_in(data)
        if body is not None:
            headers = head.headers if len(body) == again.length else with_length([*head.headers], len(body))
            self.head = Head(head.status, headers, at, by_close=False)
            self.complete = self.reusable = True
            self._may_learn = HEADS_LEARNT
        return body

    def _learn(self, data: bytes) -> None:
        """The next one may have the same head."""
        self._may_learn -= 1
        again = head_again(data)
        assert self.head is not None
        self._known = None if again is None or self._interim_came else (again, self.head)

    def _parse(self, data: bytes) -> WireError | None:
        assert self._parser is not None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            return _said_by(error.__context__)
        except httptools.HttpParserUpgrade:
            return ProtocolBroken("The response switches protocols, which was not asked for.")
        except httptools.HttpParserError as error:
            return ProtocolBroken(f"The response cannot be parsed: {error}.")
        return None

    def _joined(self) -> bytes:
        joined = b"".join(self._parts)
        self._parts.clear()
        return joined

    def _bound(self, data: bytes, body_bytes: int) -> None:
        """Whatever brings no body is bounded: heads (interim ones too), chunk extensions, trailers."""
        self._since_body = 0 if body_bytes else self._since_body + len(data)
        if self._since_body > self._max_head_bytes:
            self.fault = self._too_large()
        self._tail = (self._tail + data[-_TAIL:])[-_TAIL:]

    def _ends_exactly(self, data: bytes, body_bytes: int, counted: bool) -> bool:
        """Whether the last segment ends where the response does. `counted`: it held nothing but counted body."""
        assert self._framing is not None
        if counted:
            return len(data) == body_bytes
        framed = len(data) - body_bytes if self._framing.by_length else len(data)
        return ends_in_blank_line(self._tail + data[max(0, framed - _TAIL) : framed])

    def _too_large(self) -> HeadTooLarge:
        return HeadTooLarge(f"The response has more than {self._max_head_bytes} bytes of head or framing.")


def _said_by(cause: BaseException | None) -> WireError:
    """What one of ours said in a callback, without the frames that it came through: they hold the reader, which holds
    what is returned here."""
    if isinstance(cause, WireError):
        return cause.with_traceback(None)
    return ProtocolBroken("Surplus bytes follow the response.")
