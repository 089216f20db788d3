"""Which columns of the table a browser shows. The choice is a cookie of a year, so that it holds for whoever sits there
and does not travel with an address that is sent to somebody else."""

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.panel import cookies, render
from model_lineup.panel.models.view import back_to
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsViewer, Sent

router = pages("/models")
COLUMNS = {
    "provider": "Provider, source",
    "status": "Status",
    "context": "Context, updated",
    "can": "Can",
    "visible": "Visible",
    "agents": "Agents",
    "aliases": "Aliases",
    "ttft": "TTFT, tokens/s",
}
"""In their order; the name is always there."""


def shown(request: Request) -> list[str]:
    """All but those that the cookie takes away; what it has beside is left alone."""
    hidden = cookies.read(request, cookies.COLUMNS).split(".")
    return [one for one in COLUMNS if one not in hidden]


@router.post("/columns")
async def choose(request: Request, form: Sent, _: AsViewer) -> Response:
    """Those that were ticked, or all of them again."""
    wanted = COLUMNS if form.flag("all") else form.many("column")
    response = render.go(request, back_to(form.text("back")))
    cookies.put(
        request,
        response,
        cookies.COLUMNS,
        ".".join(one for one in COLUMNS if one not in wanted),
        max_age=cookies.YEAR_S,
    )
    return response
