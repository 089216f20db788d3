"""SQL of test results, runs and events."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.records import Run, RunEvent, StoredTest
from model_lineup.benchmarks.tables import baselines, run_events, runs, test_results
from model_lineup.database.metadata import moment, moment_or_none

_STARTING_RUNS = 0x72756E73  # "runs"
_NULL = msgspec.Raw(b"null")


def add_result(
    connection: Connection, model_row: int, test: str, *, passed: bool | None, at: int, actor: str, result: str
) -> int:
    """`passed` is None for a test that is neither passed nor failed."""
    values = {"model_row": model_row, "test": test, "at": at, "actor": actor, "result": result}
    values["passed"] = None if passed is None else int(passed)
    return int(connection.execute(insert(test_results).values(values).returning(test_results.c.id)).scalar_one())


def results(connection: Connection, model_row: int, *, limit: int, offset: int) -> tuple[list[StoredTest], int]:
    """Newest first, and how many there are."""
    of_model = test_results.c.model_row == model_row
    total = connection.execute(select(func.count()).select_from(test_results).where(of_model)).scalar_one()
    query = select(test_results).where(of_model).order_by(test_results.c.id.desc()).limit(limit).offset(offset)
    return [_record(row) for row in connection.execute(query)], int(total)


def outcomes(connection: Connection, model_row: int, *, limit: int) -> list[bool]:
    """Whether the latest connection tests passed, newest first, without those that proved neither."""
    told = (
        test_results.c.model_row == model_row,
        test_results.c.test == "connection",
        test_results.c.passed.is_not(None),
    )
    query = select(test_results.c.passed).where(*told).order_by(test_results.c.id.desc()).limit(limit)
    return [bool(passed) for passed in connection.execute(query).scalars()]


def lock_running(connection: Connection) -> dict[int, int]:
    """Run ids by the model's row, of all that are running. Until this transaction ends nobody else begins one."""
    if connection.dialect.name == "postgresql":  # on SQLite the transaction itself holds the lock
        connection.execute(select(func.pg_advisory_xact_lock(_STARTING_RUNS)))
    found = connection.execute(select(runs.c.model_row, runs.c.id).where(runs.c.state == "running"))
    return {row.model_row: row.id for row in found}


def running(connection: Connection) -> int:
    """How many are."""
    return int(connection.execute(select(func.count()).where(runs.c.state == "running")).scalar_one())


def add_run(connection: Connection, values: dict[str, Any]) -> int:
    """The new run's id."""
    return int(connection.execute(insert(runs).values(values).returning(runs.c.id)).scalar_one())


def run(connection: Connection, run_id: int) -> Run | None:
    row = connection.execute(_query().where(runs.c.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def page(
    connection: Connection, *, limit: int, offset: int, model_row: int | None = None, state: str | None = None
) -> tuple[list[Run], int]:
    """Newest first, and how many there are."""
    wanted = ([runs.c.model_row == model_row] if model_row is not None else []) + (
        [runs.c.state == state] if state is not None else []
    )
    total = connection.execute(select(func.count()).select_from(runs).where(*wanted)).scalar_one()
    rows = connection.execute(_query().where(*wanted).order_by(runs.c.id.desc()).limit(limit).offset(offset))
    return [_run(row) for row in rows], int(total)


def renew(connection: Connection, run_id: int, lease_until: int) -> bool:
    """Hold the lease longer; True when the run is to end: somebody asked for it, or has ended it already."""
    held = update(runs).where(runs.c.id == run_id, runs.c.state == "running").values(lease_until=lease_until)
    wish = connection.execute(held.returning(runs.c.cancel_requested)).scalar_one_or_none()
    return wish is None or bool(wish)


def request_cancel(connection: Connection, run_id: int) -> None:
    connection.execute(update(runs).where(runs.c.id == run_id, runs.c.state == "running").values(cancel_requested=1))


def lapsed(connection: Connection, now: int) -> list[int]:
    """Runs whose lease has ended without anybody ending the run."""
    return list(
        connection.execute(select(runs.c.id).where(runs.c.state == "running", runs.c.lease_until < now)).scalars()
    )


def end(connection: Connection, run_id: int, values: dict[str, Any]) -> bool:
    """End a running run; False when it was ended already."""
    ended = update(runs).where(runs.c.id == run_id, runs.c.state == "running").values(**values)
    return connection.execute(ended).rowcount == 1


def add_events(connection: Connection, run_id: int, events: Sequence[tuple[int, str, str]]) -> None:
    """Append (at, kind, data) to the run's events, numbering them on."""
    last = connection.execute(select(func.max(run_events.c.seq)).where(run_events.c.run_id == run_id)).scalar_one() or 0
    rows = [
        {"run_id": run_id, "seq": last + number, "at": at, "kind": kind, "data": data}
        for number, (at, kind, data) in enumerate(events, start=1)
    ]
    if rows:
        connection.execute(insert(run_events), rows)


def events(connection: Connection, run_id: int, *, after: int, limit: int = 1_000) -> list[RunEvent]:
    query = select(run_events).where(run_events.c.run_id == run_id, run_events.c.seq > after)
    rows = connection.execute(query.order_by(run_events.c.seq).limit(limit))
    return [RunEvent(row.seq, moment(row.at), row.kind, msgspec.Raw(row.data.encode())) for row in rows]


def started(connection: Connection, run_id: int) -> bytes | None:
    """The data of the event that the measuring began with; None before it came."""
    query = select(run_events.c.data).where(run_events.c.run_id == run_id, run_events.c.kind == "started")
    data = connection.execute(query.order_by(run_events.c.seq).limit(1)).scalar_one_or_none()
    return None if data is None else str(data).encode()


def samples(connection: Connection, run_id: int, *, limit: int | None = None) -> list[bytes]:
    """The data of every sample event, or of the first so many, in order."""
    query = select(run_events.c.data).where(run_events.c.run_id == run_id, run_events.c.kind == "sample")
    return [data.encode() for data in connection.execute(query.order_by(run_events.c.seq).limit(limit)).scalars()]


def baseline(connection: Connection, model_row: int, work: str) -> int | None:
    """The run that others of this model and work are held against."""
    query = select(baselines.c.run_id).where(baselines.c.model_row == model_row, baselines.c.work == work)
    return connection.execute(query).scalar_one_or_none()


def pin(connection: Connection, model_row: int, work: str, run_id: int, *, actor: str, at: int) -> None:
    """Make it the baseline, instead of another."""
    connection.execute(delete(baselines).where(baselines.c.model_row == model_row, baselines.c.work == work))
    values = {"model_row": model_row, "work": work, "run_id": run_id, "actor": actor, "at": at}
    connection.execute(insert(baselines).values(values))


def unpin(connection: Connection, run_id: int) -> None:
    connection.execute(delete(baselines).where(baselines.c.run_id == run_id))


def _query() -> Any:
    counted = select(func.count()).where(run_events.c.run_id == runs.c.id, run_events.c.kind == "sample")
    return select(runs, counted.scalar_subquery().label("progress"))


def _record(row: Row[Any]) -> StoredTest:
    passed = None if row.passed is None else bool(row.passed)
    return StoredTest(row.id, row.test, passed, moment(row.at), row.actor, msgspec.Raw(row.result.encode()))


def _run(row: Row[Any]) -> Run:
    error = msgspec.json.decode(row.error) if row.error else {}
    return Run(
        id=row.id,
        state=row.state,
        model=row.model_row,
        model_id=row.model_id,
        provider=row.provider,
        plan=msgspec.json.decode(row.plan, type=Plan),
        progress=row.progress,
        report=_NULL if row.report is None else msgspec.Raw(row.report.encode()),
        error=error.get("code"),
        message=error.get("message", ""),
        actor=row.actor,
        revision=row.revision,
        created_at=moment(row.created_at),
        ended_at=moment_or_none(row.ended_at),
    )
