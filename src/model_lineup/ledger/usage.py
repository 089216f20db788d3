"""Who used what: sums of days in groups, and single requests."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row

from model_lineup.database.engines import Database
from model_lineup.database.metadata import moment, moment_or_none
from model_lineup.ledger.entry import OUTCOMES
from model_lineup.ledger.recorder import Recorder
from model_lineup.ledger.shapes import (
    Dimension,
    FirstContent,
    Outcomes,
    UsageGroup,
    UsageReport,
    UsageRequest,
    UsageRequestPage,
    UsageSums,
    Wanted,
    WantedEntries,
)
from model_lineup.ledger.store import days, entries
from model_lineup.ledger.store.labels import Labels, labels
from model_lineup.ledger.sums import percentile

_NANO = 1e9


class Usage:
    """Answers hold what this process was asked until now, and what others were asked until a second ago."""

    def __init__(self, database: Database, recorder: Recorder) -> None:
        self._database = database
        self._recorder = recorder

    def report(
        self,
        wanted: Wanted,
        by: Sequence[Dimension],
        *,
        limit: int,
        offset: int,
        totals: UsageSums | None = None,
    ) -> UsageReport:
        """Sums, grouped; days newest first, else the most used first. `totals`: what an earlier report on `wanted` has
        found, so that it is not summed up again."""
        self._recorder.flush()
        with self._database.read() as connection:
            rows, total = days.grouped(connection, wanted, by, limit=limit, offset=offset)
            if totals is None:
                is_whole = offset == 0 and len(rows) == total and "group" not in by
                all_of_it = days.of_groups(rows) if is_whole else days.together(connection, wanted)
            told = days.has_percentiles(wanted, by)
            buckets = days.first_contents(connection, wanted, by, rows) if told else {}
            overall = days.first_contents(connection, wanted, (), ()).get((), {}) if told and totals is None else {}
            known = labels(
                connection,
                models_of=_ids(rows, "model") if "model" in by else (),
                providers_of=_ids(rows, "provider") if "provider" in by else (),
                keys_of=_ids(rows, "key") if "key" in by else (),
                people_of=_ids(rows, "person") if "person" in by else (),
                groups_of=_ids(rows, "group") if "group" in by else (),
            )
        return UsageReport(
            first=wanted.first,
            last=wanted.last,
            group_by=list(by),
            groups=[_group(row, by, known, buckets.get(tuple(getattr(row, one) for one in by), {})) for row in rows],
            totals=totals or UsageSums(**_used(all_of_it, overall)),
            total=total,
            limit=limit,
            offset=offset,
        )

    def last_used(self, key_ids: Sequence[int]) -> dict[int, datetime | None]:
        """When each of these keys was used last, as far back as single requests are kept."""
        self._recorder.flush()
        with self._database.read() as connection:
            return {key_id: moment_or_none(entries.last_of_key(connection, key_id)) for key_id in key_ids}

    def requests(self, wanted: WantedEntries, *, limit: int) -> UsageRequestPage:
        """Single requests, newest first."""
        self._recorder.flush()
        with self._database.read() as connection:
            rows = entries.newest(connection, wanted, limit=limit + 1)
            shown = rows[:limit]
            known = labels(
                connection,
                models_of=_ids(shown, "model_row"),
                providers_of=_ids(shown, "provider_id"),
                keys_of=_ids(shown, "key_id"),
                people_of=_ids(shown, "person_id"),
            )
        more = len(rows) > limit
        return UsageRequestPage(
            [_request(row, known) for row in shown], f"{shown[-1].at}-{shown[-1].id}" if more else None
        )


def _ids(rows: Iterable[Row[Any]], name: str) -> set[int]:
    return {getattr(row, name) for row in rows} - {None, 0}


def _group(row: Row[Any], by: Sequence[Dimension], known: Labels, buckets: dict[int, int]) -> UsageGroup:
    readers: dict[Dimension, Any] = {
        "day": lambda day: date.fromordinal(days.ordinal_of(day)),
        "model": known.models.get,
        "provider": known.providers.get,
        "key": known.keys.get,
        "person": known.people.get,
        "group": known.groups.get,
        "outcome": str,
        "name": lambda name: name or None,
        "on_behalf_of": lambda user: user or None,
    }
    return UsageGroup(**{one: readers[one](getattr(row, one)) for one in by}, **_used(row, buckets))


def _used(row: Row[Any] | SimpleNamespace, buckets: dict[int, int]) -> dict[str, Any]:
    n = int(row.requests or 0)
    streams, priced = int(row.ttft_told or 0), int(row.cost_told or 0)
    p50, p95 = percentile(buckets, 0.5), percentile(buckets, 0.95)
    return {
        "requests": n,
        "outcomes": Outcomes(*(int(getattr(row, outcome + "_") or 0) for outcome in OUTCOMES)),
        "prompt_tokens": _told(row.prompt_tokens, row.prompt_told),
        "completion_tokens": _told(row.completion_tokens, row.completion_told),
        "cached_tokens": _told(row.cached_tokens, row.cached_told),
        "requests_with_tokens": max(int(row.prompt_told or 0), int(row.completion_told or 0)),
        "requests_estimated": int(row.estimated or 0),
        "ttft_ms": FirstContent(_mean_ms(row.ttft_us, streams), _ms(p50), _ms(p95) if streams >= 20 else None, streams),
        "duration_ms": _mean_ms(row.duration_us, n),
        "cost_usd": int(row.nanodollars) / _NANO if priced else None,
        "requests_priced": priced,
        "last_used_at": moment_or_none(row.last_at),
    }


def _told(total: Any, requests: Any) -> int | None:
    return int(total) if requests else None


def _mean_ms(total_us: Any, n: int) -> float | None:
    return round(int(total_us) / n / 1000, 2) if n else None


def _ms(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _request(row: Row[Any], known: Labels) -> UsageRequest:
    return UsageRequest(
        id=row.id,
        at=moment(row.at),
        request_id=row.request_id,
        key=known.keys.get(row.key_id),
        person=known.people.get(row.person_id),
        on_behalf_of=row.on_behalf_of,
        name=row.name,
        model=known.models.get(row.model_row),
        provider=known.providers.get(row.provider_id),
        surface=row.surface,
        outcome=row.outcome,
        code=row.code,
        status=row.status,
        stream=bool(row.stream),
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        cached_tokens=row.cached_tokens,
        token_source=row.token_source,
        ttft_ms=None if row.ttft_us is None else row.ttft_us / 1000,
        duration_ms=row.duration_us / 1000,
        fallback=row.fallback,
        cost_usd=None if row.nanodollars is None else row.nanodollars / _NANO,
    )
