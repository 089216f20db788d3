"""Every rule over the whole configuration: findings, filtered and by the page, and how many there are."""

from collections import Counter
from collections.abc import Collection
from typing import Any

import msgspec

from model_lineup.catalog.kept import Kept
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.errors import InvalidInput
from model_lineup.journal import store as journal_store
from model_lineup.lint import store
from model_lineup.lint.rules import all_rules
from model_lineup.lint.scene import Scene
from model_lineup.lint.shapes import SEVERITIES, Finding, Severity


class RuleSummary(msgspec.Struct, frozen=True):
    """A rule and how many findings it has, whatever the filter; `silenced`: by LINEUP_LINT_SILENCED, and not asked."""

    rule: str
    severity: Severity
    about: str
    findings: int
    silenced: bool


class FindingPage(msgspec.Struct, frozen=True, kw_only=True):
    """`total` is of the filter, `by_severity` of all that was found."""

    findings: list[Finding]
    total: int
    limit: int
    offset: int
    by_severity: dict[str, int]
    rules: list[RuleSummary]
    revision: int


class Linter:
    """`silenced`: codes of rules that are not asked."""

    def __init__(self, database: Database, clock: Clock, *, silenced: Collection[str]) -> None:
        self._database = database
        self._clock = clock
        self._silenced = frozenset(silenced)
        self._kept: Kept[Any, list[Finding]] = Kept(1)

    def page(self, *, rule: str | None, severity: str | None, limit: int, offset: int) -> FindingPage:
        """Worst first, then by rule, then by row. Raises InvalidInput for a rule that is none."""
        codes = [one.code for one in all_rules()]
        if rule is not None and rule not in codes:
            raise InvalidInput.at("rule", f"no rule is called {rule[:100]!r}; there are {', '.join(codes)}")
        revision, found = self._found()
        chosen = [one for one in found if rule in (None, one.rule) and severity in (None, one.severity)]
        by_rule = Counter([one.rule for one in found])
        return FindingPage(
            findings=chosen[offset : offset + limit],
            total=len(chosen),
            limit=limit,
            offset=offset,
            by_severity=_by_severity(found),
            rules=[
                RuleSummary(one.code, one.severity, one.about, by_rule[one.code], one.code in self._silenced)
                for one in all_rules()
            ],
            revision=revision,
        )

    def counts(self) -> dict[str, int]:
        """Findings by severity."""
        return _by_severity(self._found()[1])

    def _found(self) -> tuple[int, list[Finding]]:
        """All findings, kept until the configuration or how models fare has changed; and for an hour at most."""
        now = self._clock.now()
        with self._database.read() as connection:
            revision = journal_store.revision(connection)
            state = (store.health(connection), int(now.timestamp()) // 3_600)
            return revision, self._kept.of(state, revision, lambda: self._look(store.scene(connection, now)))

    def _look(self, scene: Scene) -> list[Finding]:
        rules = [one for one in all_rules() if one.code not in self._silenced]
        by_severity: dict[str, list[Finding]] = {severity: [] for severity in SEVERITIES}
        for finding in (finding for rule in rules for finding in rule.findings(scene)):
            by_severity[finding.severity].append(finding)
        return [finding for found in by_severity.values() for finding in found]


def _by_severity(found: Collection[Finding]) -> dict[str, int]:
    counts = Counter([one.severity for one in found])
    return {severity: counts[severity] for severity in SEVERITIES}
