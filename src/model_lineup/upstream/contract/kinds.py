"""What a sort of provider and a wire format are to the rest of Lineup: the protocols that their files fulfil."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from model_lineup.upstream.contract.answers import Answer, Event
from model_lineup.upstream.contract.asks import Ask, Call, Quirks, Surface
from model_lineup.upstream.contract.lists import ListedModel, Page
from model_lineup.upstream.contract.places import Endpoint, Target


class FormField(Struct, frozen=True):
    """A setting that a kind takes, as forms and the reference page show it. `name` is a field of `Endpoint`."""

    name: str
    label: str
    required: bool = False
    secret: bool = False
    help: str = ""


class StreamParser(Protocol):
    """How a format cuts its streams into events."""

    def feed(self, piece: bytes) -> Sequence[tuple[str, bytes]]:
        """Name and data of each event that this piece completed. Raises sse.EventTooLargeError."""


class Reading(Protocol):
    """How to read the answers of a wire format. Pure."""

    @property
    def name(self) -> str:
        """Stable, lower case."""

    @property
    def marks_end(self) -> bool:
        """Whether all its servers close a stream with a mark, so that a finish reason alone is a cut stream."""

    def parser(self) -> StreamParser:
        """For one stream."""

    def answer(self, target: Target, body: bytes) -> Answer:
        """Reads a plain 2xx body. Raises ProviderError when it holds an error, MalformedError when it is no answer."""

    def event(self, name: str, data: bytes) -> Event:
        """Reads one event of a stream; `name` as its parser gave it. Raises as `answer` does."""


class Dialect(Reading, Protocol):
    """A wire format: how to word an ask, how to read the answer. Pure; knows no sockets and no credentials."""

    def call(self, target: Target, ask: Ask, quirks: Quirks) -> Call:
        """The request for this ask. Raises UnsupportedError when the format has none."""

    def learn(self, status: int, message: str, quirks: Quirks) -> bool:
        """Whether this refusal taught `quirks` something that makes asking once more worth while."""


class Kind(Protocol):
    """One sort of provider. `registry` finds each by scanning `kinds/`; forms, docs and contract tests follow."""

    @property
    def name(self) -> str:
        """The `type` of a provider row."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def default_base_url(self) -> str | None:
        """What the form proposes."""

    @property
    def dialect(self) -> Dialect:
        """The wire format that it speaks."""

    @property
    def key_needed(self) -> bool:
        """Whether a provider of this kind cannot be stored without a key."""

    @property
    def fields(self) -> tuple[FormField, ...]:
        """The settings it takes, in the order of the form."""

    @property
    def list_reading(self) -> int:
        """Which reading of its lists this is, from 1: raised whenever more is read of them than before. Fetches then
        say that it is Lineup that reads more, where models seem to change."""

    def auth(self, endpoint: Endpoint) -> Mapping[str, str]:
        """The headers of every request: the credential if there is one, and the protocol's version if it has one."""

    def list_call(self, endpoint: Endpoint, after: str | None) -> Call:
        """The request for the page of the list that the cursor `after` leads to; the first page without one."""

    def page(self, body: bytes) -> Page:
        """Reads one page of the list. Raises MalformedError when any entry is not as it should be."""

    def way(self, target: Target, surface: Surface, *, stream: bool) -> Call | None:
        """Where a request of this surface goes, without its body; `None` where providers of this kind have none."""


@runtime_checkable
class DetailedKind(Kind, Protocol):
    """A kind whose list only names its models; what else is known of one is asked model by model."""

    def detail_call(self, model: ListedModel) -> Call:
        """The request for what is known of one listed model."""

    def detailed(self, model: ListedModel, body: bytes) -> ListedModel:
        """The model with what the answer adds. Raises MalformedError, ProviderError."""


@runtime_checkable
class DrillKind(Kind, Protocol):
    """A kind that stands in for a real one in drills; offered and called only while the operator has drills on."""

    def case_of(self, base_url: str) -> str | None:
        """The case that a base URL leads to; `None` for any other address, which such a provider cannot have."""
