"""Lists that are too long, cut, endless, empty, or hold what is no model. Answers to questions are good."""

import json
import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from functools import cache

from model_lineup.demo.faults.case import FIN, OPENAI, Asked, Case, Step
from model_lineup.demo.faults.saying import head, reply, well
from model_lineup.demo.faults.wires import Wire

_PAGED = OPENAI | {"anthropic", "google"}


class _List(Case, abstract=True):
    def answer(self, asked: Asked) -> Iterator[Step]:
        if asked.what == "list":
            yield from self.pages(asked)
        else:
            yield well(asked)

    @abstractmethod
    def pages(self, asked: Asked) -> Iterable[Step]:
        """What is sent instead of a good list."""


class _Page(_List, abstract=True):
    """200 with this body, whichever page was asked for."""

    def pages(self, asked: Asked) -> Iterable[Step]:
        yield reply(200, self.page(asked))

    @abstractmethod
    def page(self, asked: Asked) -> bytes:
        """The body."""


class _Entries(_Page, abstract=True):
    """One page with these entries, as JSON."""

    def page(self, asked: Asked) -> bytes:
        return asked.wire.page(self.entries(asked))

    @abstractmethod
    def entries(self, asked: Asked) -> list[str]:
        """Each as JSON."""


class _Ids(_Entries, abstract=True):
    """A good model, and one with this id."""

    lists = "protocol/malformed"
    wires = OPENAI | {"anthropic", "ollama"}
    bad: str

    def entries(self, asked: Asked) -> list[str]:
        good, other = asked.wire.entries("good", "other")
        return [good, other.replace('"other"', self.bad)]


class ListTooLong(_Page):
    """100 000 models in 3 MiB (Open WebUI #18950)."""

    lists = "protocol/too_large"

    def page(self, asked: Asked) -> bytes:
        return _hundred_thousand(asked.wire)


class ListTooManyBytes(_Page):
    """A list of 12 MiB, most of it blanks."""

    lists = "protocol/too_large"

    def page(self, asked: Asked) -> bytes:
        return asked.good + b" " * (12 * 2**20)


class ListDuplicates(_Entries):
    """Every model is listed a hundred times: it is one model."""

    def entries(self, asked: Asked) -> list[str]:
        return asked.wire.entries(*["drill", "drill-2"] * 100)


class ListEmpty(_Entries):
    """A list of none. It is a failure: all models would otherwise count as vanished (Open WebUI #7766)."""

    lists = "empty/empty"

    def entries(self, asked: Asked) -> list[str]:
        return []


class ListNull(_Page):
    """`null` where the list belongs."""

    lists = "protocol/malformed"
    wires = OPENAI | {"anthropic"}

    def page(self, asked: Asked) -> bytes:
        return b'{"object": "list", "data": null}'


class ListOfOtherThings(_Page):
    """Valid JSON of quite another kind."""

    lists = "protocol/malformed"

    def page(self, asked: Asked) -> bytes:
        return b'{"users": [{"login": "x"}], "total": 1}'


class ListCut(_List):
    """The list is cut in its middle, by a connection that ends."""

    lists = "protocol/truncated"

    def pages(self, asked: Asked) -> Iterable[Step]:
        yield head(200, "application/json", f"content-length: {len(asked.good)}") + asked.good[:-20]
        yield FIN


class ListCutInOrder(_Page):
    """The list is cut in its middle, and says that it is whole."""

    lists = "protocol/malformed"

    def page(self, asked: Asked) -> bytes:
        return asked.good[:-20]


class ListSecondPageFails(_List):
    """The first page is good, the second is a 500: half a list would make the other half vanish."""

    lists = "protocol/server_error"
    wires = _PAGED

    def pages(self, asked: Asked) -> Iterable[Step]:
        if "after" in asked.target or "pageToken" in asked.target:
            yield reply(500, asked.wire.error_body("it broke"))
        else:
            yield reply(200, asked.wire.page(asked.wire.entries("a"), "a"))


class ListPagesRepeat(_Page):
    """Every page leads to the same next page."""

    lists = "protocol/malformed"
    wires = _PAGED

    def page(self, asked: Asked) -> bytes:
        return asked.wire.page(asked.wire.entries("a", "b"), "b")


class ListCursorsNew(_Page):
    """Every page holds the same models and leads to a page with a new cursor."""

    lists = "protocol/malformed"
    wires = _PAGED

    def page(self, asked: Asked) -> bytes:
        return asked.wire.page(asked.wire.entries("a", "b"), f"c{len(asked.target)}x")


class ListPagesForever(_Page):
    """Every page holds a new model and leads to another page."""

    lists = "protocol/too_large or timeout/timeout"
    wires = _PAGED

    def page(self, asked: Asked) -> bytes:
        number = _page_number(asked)
        return asked.wire.page(asked.wire.entries(f"m{number}"), f"page-{number + 1}")


class ListPagesEmptyForever(_Page):
    """Every page is empty and leads to another page."""

    lists = "protocol/too_large or timeout/timeout"
    wires = frozenset({"anthropic", "google"})

    def page(self, asked: Asked) -> bytes:
        return asked.wire.page([], f"page-{_page_number(asked) + 1}")


class ListIdsOdd(_Entries):
    """Ids with slashes, spaces, emoji, percent signs, mark-up, quotation marks, and of 300 characters: all legal."""

    wires = OPENAI | {"anthropic", "ollama"}

    def entries(self, asked: Asked) -> list[str]:
        odd = ("a/b:c@d+e", "with a space", "😀", "%00", "<b>bold</b>", "../../etc", 'quo"te', "'; DROP", "x" * 300)
        return asked.wire.entries("drill", *odd)


class ListIdNul(_Ids):
    """An id holds a NUL."""

    bad = '"a\\u0000b"'


class ListIdTooLong(_Ids):
    """An id of 600 characters."""

    bad = json.dumps("x" * 600)


class ListIdEmpty(_Ids):
    """An id without a character."""

    bad = '""'


class ListIdNotText(_Ids):
    """An id that is a number."""

    bad = "7"


class ListIdSurrogate(_Ids):
    """An id holds half a surrogate pair, which no database can store."""

    bad = '"a\\ud800b"'


class ListIdNan(_Ids):
    """An id that is NaN, which is no JSON."""

    bad = "NaN"


class ListEntryNull(_Entries):
    """An entry is null."""

    lists = "protocol/malformed"

    def entries(self, asked: Asked) -> list[str]:
        return [*asked.wire.entries("good"), "null"]


class ListEntryDeep(_Entries):
    """An entry is nested 100 000 deep."""

    lists = "protocol/malformed"

    def entries(self, asked: Asked) -> list[str]:
        return [*asked.wire.entries("good"), "[" * 100_000 + "]" * 100_000]


class ListFactsAbsurd(_Entries):
    """Windows below zero, as text, of 2^63, flags that are words: unknown, not stored, no reason to refuse the list."""

    wires = OPENAI

    def entries(self, asked: Asked) -> list[str]:
        odd = ("-5", '"12"', str(2**63), "1.5", "null", "[]", "true", '"' + "9" * 5000 + '"')
        facts = (f'"context_length": {one}, "max_output_tokens": {one}, "description": {one}' for one in odd)
        return [f'{{"id": "drill-{number}", "name": 7, {fact}}}' for number, fact in enumerate(facts)]


class DetailFails(Case):
    """The list is good, what is asked about each model fails."""

    lists = "protocol/server_error"
    wires = frozenset({"ollama"})

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(500, asked.wire.error_body("it broke")) if asked.what == "detail" else well(asked)


class DetailMissing(Case):
    """The list is good, and what is asked about each model is not known there: its entry stands alone."""

    wires = frozenset({"ollama"})

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(404, asked.wire.error_body("no such path")) if asked.what == "detail" else well(asked)


@cache
def _hundred_thousand(wire: Wire) -> bytes:
    return wire.page(wire.entries(*(f"m{number}" for number in range(100_000))))


def _page_number(asked: Asked) -> int:
    """Of the page that is asked for, from 0."""
    found = re.search(r"page-(\d+)", asked.target)
    return int(found[1]) if found else 0
