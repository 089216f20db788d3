"""What the linter finds, worst first, with what to do about each; filtered by severity and rule."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import There
from model_lineup.lint.shapes import SEVERITIES
from model_lineup.panel import render
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsViewer

router = pages("/findings")
ROWS = 100


@router.get("")
def findings(request: Request, there: There, _: AsViewer) -> Response:
    """What is no severity and no rule is no filter either."""
    asked = request.query_params
    known = {one.rule for one in there.linter.page(rule=None, severity=None, limit=1, offset=0).rules}
    severity = asked.get("severity") if asked.get("severity") in SEVERITIES else None
    rule = asked.get("rule") if asked.get("rule") in known else None
    offset = asked.get("offset", "0")
    start = int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 10 else 0
    page = there.linter.page(rule=rule, severity=severity, limit=ROWS, offset=start)
    chosen = {"severity": severity or "", "rule": rule or ""}
    return render.page(
        request,
        "findings/page.html",
        found=page,
        severities=SEVERITIES,
        severity=chosen["severity"],
        rule=chosen["rule"],
        limit=ROWS,
        of_rule=lambda code: f"?{urlencode({'rule': code})}",
        link=lambda start: f"?{urlencode({**chosen, 'offset': start})}",
    )
