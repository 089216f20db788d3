"""What a case is, what it is asked, and how all cases are found."""

import importlib
import pkgutil
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal

from model_lineup.demo.faults.wires import WIRES, Wire

FIN: Literal["fin"] = "fin"
RST: Literal["rst"] = "rst"
HANG: Literal["hang"] = "hang"
Step = bytes | float | Literal["fin", "rst", "hang"]
"""Bytes to send, seconds to wait, an end of the connection (orderly, reset), or silence until the client goes."""

PASSES = "passes"
POISON = "poison-of-another-request"
"""What must never reach anybody: it is sent where no reader may look."""
SECRET = "drill-internal-secret-7f3a"  # noqa: S105  # nosec B105 - bait: a page that holds it must never be quoted
EVERY_WIRE = frozenset(WIRES)
OPENAI = frozenset({"openai", "azure"})


@dataclass(frozen=True)
class Asked:
    """One request. `what`: list, detail (of one listed model), chat or embedding. `bait`: the host that nobody may ask.
    `target` is what was asked for behind the case, with its query.
    """

    wire: Wire
    what: Literal["list", "detail", "chat", "embedding"]
    stream: bool
    target: str
    headers: dict[str, str]
    body: bytes
    bait: str

    @property
    def good(self) -> bytes:
        """The body of a good answer."""
        return b"".join(self.wire.stream()) if self.stream else self.plain(self.wire.plain())

    def plain(self, said: bytes) -> bytes:
        """This, where an answer in one piece was asked for; else the good body for what was asked."""
        if self.what == "list":
            return self.wire.page(self.wire.entries("drill", "drill-2"))
        return {"detail": self.wire.detail, "embedding": self.wire.embedding}.get(self.what, said)

    @property
    def content_type(self) -> str:
        return self.wire.stream_type if self.stream else "application/json"


class Case(ABC):
    """One way to go wrong. The docstring says which, and where it was seen.

    `lists`, `test`, `plain`: what Lineup must make of it: `passes`, or stage and class as in `protocol/truncated`, or
    one `or` the other; of a list, of a test or benchmark, and of an answer that is not streamed. `slow`: it goes on
    until a deadline ends it. `wires`: the formats that it can be said in. `door`: where it listens.
    """

    name: ClassVar[str] = ""
    lists: ClassVar[str] = PASSES
    test: ClassVar[str] = PASSES
    plain: ClassVar[str | None] = None
    slow: ClassVar[bool] = False
    wires: ClassVar[frozenset[str]] = EVERY_WIRE
    door: ClassVar[str] = "main"
    trusted: ClassVar[bool] = True
    """Whether a drill hands the authority of the server's certificates to the client (TLS doors)."""

    def __init_subclass__(cls, *, abstract: bool = False) -> None:
        cls.name = "" if abstract else re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @abstractmethod
    def answer(self, asked: Asked) -> Iterable[Step]:
        """What to do about one request. A connection that is not ended here takes the next one."""

    def expected(self, what: Literal["list", "test", "plain"]) -> str:
        """Of a fetch or list test; of a test or benchmark, which ask for streams; of a plain answer."""
        return {"list": self.lists, "test": self.test, "plain": self.plain or self.test}[what]

    @property
    def story(self) -> str:
        """The docstring, as one paragraph."""
        return " ".join((type(self).__doc__ or "").split())


@cache
def cases() -> dict[str, Case]:
    """Name → case, in the order of the modules and of their classes."""
    package = importlib.import_module(f"{__package__}.cases")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    found = sorted(_all(Case.__subclasses__()), key=lambda cls: cls.__module__)
    return {cls.name: cls() for cls in found if cls.name}


def _all(classes: Iterable[type[Case]]) -> Iterator[type[Case]]:
    """These and all below them."""
    for cls in classes:
        yield cls
        yield from _all(cls.__subclasses__())
