"""What is odd about the configuration, and what to do about it."""

from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.bodies import Line
from model_lineup.api.dependencies import AsViewer, Limit, Offset, There
from model_lineup.api.strict import noun
from model_lineup.lint.linter import FindingPage
from model_lineup.lint.shapes import Severity

router = noun("Linter", "/api/admin/lint")


@router.get("", responses=documented(FindingPage))
def lint(
    there: There,
    _: AsViewer,
    rule: Annotated[
        Annotated[Line, Field(min_length=1, max_length=100)] | None, Query(description="Only findings of this rule.")
    ] = None,
    severity: Annotated[Severity | None, Query(description="Only findings of this severity.")] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Findings, worst first: the rule, what it is about, a sentence, and what to do.

    `rules` lists every rule with what it looks for. LINEUP_LINT_SILENCED names rules that shall not be asked.
    """
    return answer(there.linter.page(rule=rule, severity=severity, limit=limit, offset=offset))
