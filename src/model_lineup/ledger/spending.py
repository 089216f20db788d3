"""What Lineup's own work cost: tests, capability tests and benchmarks, by provider and day."""

from datetime import date
from typing import Any

import msgspec

from model_lineup.clock import Clock
from model_lineup.ledger.entry import OWN_WORK
from model_lineup.ledger.shapes import UsageGroup, UsageSums, UsedProvider, Wanted
from model_lineup.ledger.usage import Usage

TOKENS_UNTOLD = 40
"""What a request of which the provider told no tokens is taken to have used: a short prompt, and an answer of 16."""


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """`tokens`: with an estimate of those that the provider did not tell. `cost_usd`: of the requests whose price is
    known; null where none is."""

    requests: int = 0
    tokens: int = 0
    cost_usd: float | None = None


class DaySpending(Spending, frozen=True, kw_only=True):
    """What one sort of work cost at one provider on one day of UTC. `work`: tests, capability tests, benchmarks."""

    day: date
    provider: UsedProvider | None
    work: str


class SpendingToday(Spending, frozen=True, kw_only=True):
    """All of it today, whoever asked for it, and each sort of work alone."""

    by_work: dict[str, Spending]


class SpendingPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest days first; `totals` are over all of them, not over the page."""

    first: date
    last: date
    spent: list[DaySpending]
    totals: Spending
    total: int
    limit: int
    offset: int


class OwnWork:
    """Read from the ledger, which has every request."""

    def __init__(self, usage: Usage, clock: Clock) -> None:
        self._usage = usage
        self._clock = clock

    def today(self, provider_id: int) -> SpendingToday:
        """Of one provider; a day of UTC."""
        day = self._clock.now().date()
        wanted = Wanted(first=day, last=day, provider_id=provider_id, own_work=True)
        report = self._usage.report(wanted, ["on_behalf_of"], limit=len(OWN_WORK), offset=0)
        by_work = {work: Spending() for work in OWN_WORK}
        by_work |= {str(group.on_behalf_of): Spending(**_spent(group)) for group in report.groups}
        return SpendingToday(**_spent(report.totals), by_work=by_work)

    def days(self, first: date, last: date, *, provider_id: int | None, limit: int, offset: int) -> SpendingPage:
        """Both days included; of one provider, or of each."""
        wanted = Wanted(first=first, last=last, provider_id=provider_id, own_work=True)
        found = self._usage.report(wanted, ["day", "provider", "on_behalf_of"], limit=limit, offset=offset)
        return SpendingPage(
            first=first,
            last=last,
            spent=[_of_day(group) for group in found.groups],
            totals=Spending(**_spent(found.totals)),
            total=found.total,
            limit=limit,
            offset=offset,
        )


def _of_day(group: UsageGroup) -> DaySpending:
    assert isinstance(group.day, date)  # nosec B101 - it was grouped by
    provider = group.provider if isinstance(group.provider, UsedProvider) else None
    return DaySpending(**_spent(group), day=group.day, provider=provider, work=str(group.on_behalf_of))


def _spent(sums: UsageSums) -> dict[str, Any]:
    untold = sums.requests - sums.requests_with_tokens
    tokens = (sums.prompt_tokens or 0) + (sums.completion_tokens or 0) + TOKENS_UNTOLD * untold
    return {"requests": sums.requests, "tokens": tokens, "cost_usd": sums.cost_usd}
