"""Fills an instance for `registry.py`: providers, models, facts with their origin, aliases, test results."""

import itertools
import json
import random
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from model_lineup.catalog.names import fold
from model_lineup.catalog.shapes import NewProvider
from model_lineup.catalog.tables import aliases, effective_facts, model_health, models, stated_facts
from model_lineup.journal.record import Author
from model_lineup.rooms import Rooms

BY = Author("bench")
PROVIDERS = 8
_AT = 1_780_000_000_000_000
_AT_TEXT = "2026-05-28T20:26:40Z"
_VENDORS = ("mistral", "qwen", "llama", "gemma", "phi", "deepseek", "granite", "command", "nova", "olmo")
_FORMS = ("instruct", "chat", "base", "coder", "vision", "embed", "mini", "turbo")
_ONE_IN_ALIASED, _ONE_IN_TESTED, _ONE_IN_VISIBLE = 10, 4, 3
_ROWS_AT_ONCE = 5_000


def fill(rooms: Rooms, how_many: int) -> None:
    """`how_many` models over 8 providers. A tenth has an alias, a third is visible, a quarter was tested, and the
    provider's list has said five things of each."""
    providers = [_provider(rooms, n) for n in range(PROVIDERS)]
    chance = random.Random(7)
    with rooms.database.write() as connection:
        first = (connection.execute(select(models.c.id).order_by(models.c.id.desc()).limit(1)).scalar() or 0) + 1
        made = [_model(chance, first + n, providers[n % PROVIDERS]) for n in range(how_many)]
        _insert(connection, models, (model for model, _, _ in made))
        _insert(connection, effective_facts, (effective for _, effective, _ in made))
        _insert(connection, stated_facts, (stated for _, _, stated in made))
        _insert(connection, aliases, _aliases(model for model, _, _ in made))
        _reset_sequences(connection)
    with rooms.database.write_activity() as connection:
        _insert(connection, model_health, (_health(chance, model["id"]) for model, _, _ in made[::_ONE_IN_TESTED]))
    _analyse(rooms)


def _provider(rooms: Rooms, n: int) -> int:
    new = NewProvider(name=f"Provider {n}", type="openai", base_url=f"https://p{n}.example.com/v1")
    return rooms.providers.create(new, BY)[0].id


def _model(chance: random.Random, row: int, provider: int) -> tuple[dict[str, Any], ...]:
    """A row of `models`, and those of `effective_facts` and `stated_facts`."""
    vendor, form, size = chance.choice(_VENDORS), chance.choice(_FORMS), chance.choice((1, 3, 7, 8, 14, 32, 70))
    task = "embedding" if form == "embed" else chance.choice(("chat", "chat", "chat", "unknown"))
    known: dict[str, Any] = {
        "display_name": f"{vendor.title()} {size}B {form.title()} {row}",
        "task": task,
        "context_length": chance.choice((4_096, 8_192, 32_768, 131_072, 1_048_576)),
        "supports_tools": chance.random() < 0.5,
        "pricing": {"prompt": "0.0000004", "completion": "0.0000016"},
    }
    facts = {field: {"value": value, "source": "provider", "at": _AT_TEXT} for field, value in known.items()}
    defaults: dict[str, Any] = {"supports_streaming": None if task == "embedding" else True}
    for field, value in defaults.items():
        facts[field] = {"value": value, "source": "default", "at": _AT_TEXT}
    missing = chance.random() < 0.02
    model = {
        "id": row,
        "provider_id": provider,
        "model_id": f"{vendor}/{vendor}-{size}b-{form}-{row}",
        "display_name": known["display_name"],
        "description": None,
        "task": task,
        "context_length": known["context_length"],
        "max_output_tokens": chance.choice((None, 4_096, 8_192)),
        "supports_tools": int(known["supports_tools"]),
        "supports_vision": 1 if form == "vision" else None,
        "supports_streaming": None if task == "embedding" else 1,
        "pricing": json.dumps(known["pricing"]),
        "lifecycle": '{"retires_at":"2027-01-01","state":"retired"}' if row % 97 == 0 else None,
        "visible": int(chance.random() < 1 / _ONE_IN_VISIBLE),
        "listed": 1,
        "agents_enabled": int(chance.random() < 0.2),
        "source": "manual" if row % 50 == 0 else "discovered",
        "missing_since": _AT if missing else None,
        "version": 1,
        "created_at": _AT + row,
        "updated_at": _AT + chance.randrange(10**9),
        "changed_at_revision": 1,
    }
    said = {field: [value, _AT] for field, value in known.items()}
    stated = {"model_row": row, "source": "provider", "facts": json.dumps(said, separators=(",", ":"))}
    effective = {"model_row": row, "facts": json.dumps(facts, separators=(",", ":"))}
    return model, effective, stated


def _aliases(made: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for model in itertools.islice(made, 0, None, _ONE_IN_ALIASED):
        alias = f"Team-{model['id']}-{model['task']}"
        times = {"created_at": _AT, "updated_at": _AT, "version": 1, "changed_at_revision": 1}
        named = {"alias": alias, "folded": fold(alias), "model_row": model["id"], "fallbacks": "[]"}
        yield {**named, **times, "deleted_with_model": 0}


def _health(chance: random.Random, row: int) -> dict[str, Any]:
    passed = chance.random() < 0.9
    test = {"at": _AT_TEXT, "passed": passed, "stage": None if passed else "timeout", "latency_ms": 412.5}
    benchmark = {"at": _AT_TEXT, "run_id": row, "ttft_ms_p50": 200.0, "output_tokens_per_s_p50": 60.0}
    return {
        "model_row": row,
        "passed": int(passed),
        "last_test": json.dumps(test),
        "last_benchmark": json.dumps(benchmark) if passed else None,
        "ttft_ms": chance.randrange(50, 2_000) if passed else None,
        "output_tokens_per_s": chance.randrange(5, 200) if passed else None,
    }


def _insert(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    waiting = iter(rows)
    while batch := list(itertools.islice(waiting, _ROWS_AT_ONCE)):
        connection.execute(insert(table), batch)


def _reset_sequences(connection: Connection) -> None:
    """Rows with ids of our own leave PostgreSQL's sequences behind; SQLite's follow by themselves."""
    if connection.dialect.name == "postgresql":
        for name in ("models", "aliases"):
            reset = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT coalesce(max(id), 1) FROM {name}))"
            connection.execute(text(reset))


def _analyse(rooms: Rooms) -> None:
    """What PostgreSQL's autovacuum does within a minute of such a change; SQLite is left as the product leaves it."""
    if not rooms.database.is_sqlite:
        with rooms.database.write() as connection:
            connection.execute(text("ANALYZE"))
