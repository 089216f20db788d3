"""A rollout of an alias: another model, and the share of its keys, or of its requests, that get it. Pure.

Who is among them is worked out, never drawn: the alias's name and the key give a place from 0 to 9 999, and those whose
place lies below the share are moved. So every worker and replica says the same, a larger share only adds keys, and
another alias moves others first.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Literal

import msgspec

PLACES = 10_000
"""A share is said in percent; one place is a hundredth of one."""
Sticky = Literal["key", "request"]


class Rollout(msgspec.Struct, frozen=True, gc=False):
    """`target`: the row of the model that is rolled out. `share`: percent, in hundredths, above 0 and at most 100.
    `sticky`: what stays with one model: all requests of a key, or each request by itself."""

    target: int
    share: float
    sticky: Sticky = "key"

    def moves(self, folded_alias: str, who: str) -> bool:
        """`who`: of whom it is asked, or of which request."""
        return place(folded_alias, who) < round(self.share * 100)


def is_share(percent: float) -> bool:
    """Whether it can be said in hundredths: 0.01 to 100."""
    return 0.01 <= percent <= 100 and round(percent, 2) == percent


def place(folded_alias: str, who: str) -> int:
    """Evenly spread over 0 to 9 999, and the same for ever."""
    digest = blake2b(f"{folded_alias}\n{who}".encode(), digest_size=8, person=b"lineup rollout").digest()
    return int.from_bytes(digest, "big") % PLACES


def of_caller(key_id: int, person_id: int | None) -> str:
    """Whom a place belongs to: the key; a person who is signed in; or, without either, the local command line."""
    if key_id:
        return f"key {key_id}"
    return "command line" if person_id is None else f"person {person_id}"


_decode = msgspec.json.Decoder(Rollout).decode


def rollout_of(text: str | None) -> Rollout | None:
    """What a row keeps."""
    return None if text is None else _decode(text)


def stored(rollout: Rollout | None) -> str | None:
    return None if rollout is None else msgspec.json.encode(rollout).decode()


def noted(rollout: Rollout | None) -> dict[str, object] | None:
    """As a change set tells it."""
    return None if rollout is None else msgspec.to_builtins(rollout)


def read_note(said: object) -> Rollout | None:
    """Out of a change set."""
    return None if said is None else msgspec.convert(said, Rollout)


def ended_by(rollout: Rollout | None, target: int) -> Rollout | None:
    """What is left of it when the alias leads to `target`: nothing once all keys get that model anyway."""
    return None if rollout is None or rollout.target == target else rollout


def without(fallbacks: Iterable[int], target: int) -> list[int]:
    """Fallbacks of a request that `target` itself answers."""
    return [row for row in fallbacks if row != target]
