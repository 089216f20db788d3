"""Notices: what administrators ought to have heard of, whether or not anybody was sent it."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import Offset, There
from model_lineup.notices.shapes import NoticeKind, StoredNotice
from model_lineup.panel.pages import pages
from model_lineup.panel.render import base, page
from model_lineup.panel.visitors import AsViewer
from model_lineup.panel.webhooks import WORDS

router = pages("/activity/notices")
ROWS = 50
_PAGES = {"model": "/models/", "provider": "/providers/", "key": "/keys/", "staged": "/activity/staged/"}


@router.get("")
def list_notices(
    request: Request,
    there: There,
    _: AsViewer,
    kind: Annotated[NoticeKind | Literal[""], Query()] = "",
    offset: Offset = 0,
) -> Response:
    found = there.notices.page(limit=ROWS, offset=offset, kind=kind or None)
    return page(
        request,
        "activity/notices.html",
        found=found,
        kind=kind,
        kinds=WORDS,
        place_of=_place_of,
        link=lambda to: f"{base(request)}/activity/notices?{urlencode({'kind': kind, 'offset': to})}",
    )


def _place_of(notice: StoredNotice) -> str | None:
    """The page of what it is about; None where there is none."""
    what, _, row = notice.subject.partition(" ")
    return _PAGES[what] + row if what in _PAGES and row.isdecimal() else None
