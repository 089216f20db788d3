"""Who follows a model at its end, and whether what an administrator says of that can be."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from model_lineup.catalog.lifecycle import Notice, notice_of
from model_lineup.catalog.shapes import Fact, Model
from model_lineup.catalog.store import models as store
from model_lineup.database.metadata import moment
from model_lineup.errors import InvalidInput

_LONGEST_CHAIN = 100


def notice_in(model: Model) -> Notice | None:
    """What is said of its end."""
    known = msgspec.json.decode(model.facts, type=dict[str, Fact]).get("lifecycle")
    return None if known is None else notice_of(known.value, known.at)


def check(connection: Connection, row: int | None, lifecycle: Mapping[str, Any], now: int) -> None:
    """What an administrator says of the end of model `row` (None: of one that is being made). Raises InvalidInput."""
    notice = notice_of(lifecycle, moment(now))
    if notice is None:
        return
    if (
        notice.sunset_at is not None
        and "deprecated_at" in lifecycle
        and notice.sunset_at <= (notice.deprecated_at or 0)
    ):
        raise InvalidInput.at("/lifecycle/sunset_at", "a model is deprecated before it is retired, not after")
    if notice.successor is None:
        return
    if notice.successor == row:
        raise InvalidInput.at("/lifecycle/successor_id", "a model cannot be its own successor")
    if not store.living(connection, [notice.successor]):
        raise InvalidInput.at("/lifecycle/successor_id", f"no model has the id {notice.successor}")
    if row is not None and row in chain(connection, notice.successor):
        message = f"model {notice.successor} is to be succeeded by this model itself, directly or further on"
        raise InvalidInput.at("/lifecycle/successor_id", message)


def chain(connection: Connection, row: int) -> list[int]:
    """This model and those that shall follow it, one after the other."""
    found: list[int] = []
    following: int | None = row
    while following is not None and following not in found and len(found) < _LONGEST_CHAIN:
        found.append(following)
        model = store.one(connection, following)
        following = None if model is None else _successor(connection, model)
    return found


def _successor(connection: Connection, model: Model) -> int | None:
    notice = notice_in(model)
    if notice is None:
        return None
    if notice.successor is None and notice.replacement is not None:
        found = store.of_id(connection, notice.replacement, model.provider_id)
        return found[0].id if found else None
    return notice.successor
