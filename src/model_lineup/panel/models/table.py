"""`/admin/models`: the table, a page of it, and what narrows it; all of it in the database and in the address."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import There
from model_lineup.panel import render
from model_lineup.panel.models.choices import SEEN, facets_of
from model_lineup.panel.models.columns import COLUMNS, shown
from model_lineup.panel.models.rows import rows_of
from model_lineup.panel.models.view import PAGES, View, view_of
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsViewer
from model_lineup.rooms import Rooms

router = pages("/models")


@router.get("")
def models(request: Request, there: There, _: AsViewer) -> Response:
    """The page; for htmx only the table, with the filters that go with it."""
    view = view_of(request)
    told = {**table_of(there, view), "columns": shown(request), "every_column": COLUMNS}
    if not render.by_htmx(request):
        return render.page(request, "models/page.html", **told)
    response = render.fragment(request, "models/_swapped.html", **told)
    response.headers["hx-push-url"] = render.base(request) + "/models" + (f"?{view.query}" if view.query else "")
    return response


def table_of(there: Rooms, view: View) -> dict[str, Any]:
    """All that the templates of the table are given. A page behind the last row is the last one."""
    page = there.models.page(view.wanted, sort=view.sort, limit=view.limit, offset=view.offset)
    if page.total and view.offset >= page.total:
        view = view._replace(offset=(page.total - 1) // view.limit * view.limit)
        page = there.models.page(view.wanted, sort=view.sort, limit=view.limit, offset=view.offset)
    facets = there.models.facets(view.wanted)
    return {
        "view": view,
        "rows": rows_of(page.models, there.clock.now()),
        "total": page.total,
        "facets": facets_of(view, facets, there.groups.names()),
        "seen": SEEN,
        "page_sizes": PAGES,
        "has_providers": bool(facets.providers),
    }
