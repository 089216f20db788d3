"""Whom it would meet if a model were hidden, disabled or deleted, and what exactly they would be told."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from model_lineup.catalog.models import living
from model_lineup.catalog.store import models as model_store
from model_lineup.changes.store import pointing, using
from model_lineup.changes.weighing import DAYS, since
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros, moment_or_none
from model_lineup.ledger.recorder import Recorder
from model_lineup.ledger.store.labels import labels

MOST = 100
"""Aliases, names and keys that are named; all are counted."""


class Refusal(NamedTuple):
    """An error as callers get it."""

    status: int
    body: bytes


class Refusals(NamedTuple):
    """What callers get under a name, each with the id of a request; made by what answers them."""

    unavailable: Callable[[str, str], Refusal]
    not_for_agents: Callable[[str, str], Refusal]


class LeadingAlias(msgspec.Struct, frozen=True):
    alias: str
    role: Literal["target", "fallback", "rollout"]


class AskedName(msgspec.Struct, frozen=True):
    """`name`: as callers wrote it."""

    name: str
    requests: int
    last_used_at: datetime | None


class DependentKey(msgspec.Struct, frozen=True):
    """A key that used the model; also one that was revoked since."""

    id: int
    name: str | None
    kind: str | None
    requests: int
    last_used_at: datetime | None


class CallersError(msgspec.Struct, frozen=True):
    """The whole answer to a request by the model's own id; under another name only the name differs, and each answer
    carries the id of its own request."""

    status: int
    body: msgspec.Raw


class ModelImpact(msgspec.Struct, frozen=True, kw_only=True):
    """Keys, names and requests are those of the last `days`; the most used hundred are listed.

    `when_unavailable`: what callers get once it is hidden, deleted or its provider is off. `when_not_for_agents`: what
    agents' keys get once it is not enabled for agents.
    """

    id: int
    model_id: str
    days: int
    requests: int
    last_used_at: datetime | None
    aliases: list[LeadingAlias]
    aliases_total: int
    names: list[AskedName]
    names_total: int
    keys: list[DependentKey]
    keys_total: int
    when_unavailable: CallersError
    when_not_for_agents: CallersError


class Impacts:
    def __init__(self, database: Database, recorder: Recorder, clock: Clock, refusals: Refusals) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._refusals = refusals

    def of(self, row_id: int, request_id: str) -> ModelImpact:
        """Raises ModelNotFound."""
        self._recorder.flush()
        first = since(micros(self._clock.now()))
        with self._database.read() as connection:
            model = living(model_store.one(connection, row_id), row_id)
            targets = [LeadingAlias(alias, "target") for _, alias in pointing.at(connection, [row_id])]
            others = [LeadingAlias(alias, "fallback") for _, alias in pointing.falling_back_on(connection, [row_id])]
            others += [LeadingAlias(alias, "rollout") for _, alias in pointing.rolling_out(connection, [row_id])]
            names, names_total = using.by(connection, "name", row_id, since_day=first, most=MOST)
            keys, keys_total = using.by(connection, "key_id", row_id, since_day=first, most=MOST)
            known = labels(connection, keys_of={row.what for row in keys}).keys
            requests = using.requests(connection, row_id, since_day=first)
            last = using.last_used(connection, row_id)
        return ModelImpact(
            id=row_id,
            model_id=model.model_id,
            days=DAYS,
            requests=requests,
            last_used_at=moment_or_none(last),
            aliases=[*targets, *others][:MOST],
            aliases_total=len(targets) + len(others),
            names=[AskedName(row.what, int(row.requests), moment_or_none(row.last_at)) for row in names],
            names_total=names_total,
            keys=[
                DependentKey(
                    row.what,
                    known[row.what].name if row.what in known else None,
                    known[row.what].kind if row.what in known else None,
                    int(row.requests),
                    moment_or_none(row.last_at),
                )
                for row in keys
            ],
            keys_total=keys_total,
            when_unavailable=_told(self._refusals.unavailable(model.model_id, request_id)),
            when_not_for_agents=_told(self._refusals.not_for_agents(model.model_id, request_id)),
        )


def _told(refusal: Refusal) -> CallersError:
    return CallersError(refusal.status, msgspec.Raw(refusal.body))
