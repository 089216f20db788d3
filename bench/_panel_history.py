"""What a server has after years, for `panel.py`: change sets in its journal, requests and their sums in its ledger."""

import itertools
import random
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, insert, select, update

from bench._registry_data import BY
from model_lineup.access.actor import Role
from model_lineup.access.shapes import NewPerson
from model_lineup.database.metadata import micros
from model_lineup.database.tables import instance
from model_lineup.journal.tables import change_contents, change_sets
from model_lineup.ledger.tables import usage_days, usage_entries
from model_lineup.rooms import Rooms

_ROWS_AT_ONCE = 20_000
_DAYS, _KEYS, _MODELS, _MODELS_OF_A_KEY = 30, 40, 40, 6
_OUTCOMES = ("completed", "completed", "completed", "upstream_failed", "refused", "client_closed")
_DAY_US = 86_400_000_000


def change_often(rooms: Rooms, how_many: int) -> None:
    """So many change sets, each like the one that added a person."""
    rooms.people.create(NewPerson(email="model@example.com", role=Role.USER, password=None), BY)
    with rooms.database.write() as connection:
        like = connection.execute(select(change_sets).order_by(change_sets.c.id.desc()).limit(1)).mappings().one()
        held = connection.execute(select(change_contents).where(change_contents.c.change_id == like["id"])).mappings()
        content, first = dict(held.one()), like["id"] + 1
        sets = ({**like, "id": first + n, "revision": like["revision"] + 1 + n} for n in range(how_many))
        contents = ({**content, "change_id": first + n} for n in range(how_many))
        for table, rows in ((change_sets, sets), (change_contents, contents)):
            while batch := list(itertools.islice(rows, _ROWS_AT_ONCE)):
                connection.execute(insert(table), batch)
        newest = select(func.max(change_sets.c.revision)).scalar_subquery()
        connection.execute(update(instance).values(revision=newest))


def call_often(rooms: Rooms, how_many: int) -> None:
    """So many requests over the last 30 days, by 40 keys to 40 models, one by one and summed up."""
    chance, now = random.Random(7), micros(rooms.clock.now())
    today = now // _DAY_US
    with rooms.database.write_activity() as connection:
        entries = _entries(chance, now, how_many)
        while batch := list(itertools.islice(entries, _ROWS_AT_ONCE)):
            connection.execute(insert(usage_entries), batch)
        connection.execute(insert(usage_days), list(_days(chance, today, now, how_many)))


def _entries(chance: random.Random, now: int, how_many: int) -> Iterator[dict[str, Any]]:
    nothing = dict.fromkeys(("person_id", "on_behalf_of", "code", "fallback", "nanodollars", "cached_tokens"))
    for n in range(how_many):
        told = {"prompt_tokens": 120, "completion_tokens": 80, "token_source": "provider", "ttft_us": 200_000}
        who = {"key_id": chance.randrange(1, _KEYS), "model_row": chance.randrange(1, _MODELS), "provider_id": 1}
        yield {
            **nothing,
            **told,
            **who,
            "at": now - (how_many - n) * (_DAYS * _DAY_US // how_many),
            "request_id": f"{n:024x}",
            "name": "m",
            "surface": "chat",
            "outcome": chance.choice(_OUTCOMES),
            "status": 200,
            "stream": True,
            "duration_us": 1_500_000,
        }


def _days(chance: random.Random, today: int, now: int, how_many: int) -> Iterator[dict[str, Any]]:
    kinds = sorted(set(_OUTCOMES))
    each = max(1, how_many // (_DAYS * _KEYS * _MODELS_OF_A_KEY * len(kinds)))
    names = [column.name for column in usage_days.c]
    for day, key, used, outcome in itertools.product(range(_DAYS), range(1, _KEYS), range(_MODELS_OF_A_KEY), kinds):
        model = 1 + (key * 7 + used) % _MODELS
        sums = {name: each * chance.randrange(50, 150) for name in names if name.endswith(("tokens", "_us"))}
        told = {name: each for name in names if name.endswith("_told")}
        key_of = {"day": today - day, "key_id": key, "model_row": model, "outcome": outcome, "name": "m"}
        rest = {"on_behalf_of": "", "person_id": 0, "provider_id": 1, "requests": each, "estimated": 0}
        yield {**dict.fromkeys(names, 0), **sums, **told, **key_of, **rest, "last_at": now - day * _DAY_US}
