"""Activity: change sets with what they changed, and the security log."""

import json
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import Offset, PathId, There
from model_lineup.errors import NotFound
from model_lineup.journal import store
from model_lineup.journal.shapes import Entry
from model_lineup.panel.changes import told
from model_lineup.panel.pages import pages
from model_lineup.panel.render import base, page
from model_lineup.panel.visitors import AsViewer
from model_lineup.security.shapes import SecurityEvent

router = pages("/activity")
SETS, ENTRIES, EVENTS = 50, 50, 50
LONGEST = 400
"""Characters of one value."""
REFUSALS = frozenset(
    {"sign_in_failed", "sign_in_throttled", "password_refused", "refresh_reused", "setup_refused", "key_refused"}
)


@router.get("")
def list_changes(request: Request, there: There, _: AsViewer, offset: Offset = 0) -> Response:
    with there.database.read() as connection:
        found = store.page(connection, limit=SETS, offset=offset)
        changes = told(connection, found.changes)
    return page(request, "activity/page.html", found=found, changes=changes, link=_link(request, ""))


@router.get("/security")
def show_security_log(
    request: Request,
    there: There,
    _: AsViewer,
    event: SecurityEvent | Literal[""] = "",
    actor: Annotated[str, Query(max_length=300)] = "",
    offset: Offset = 0,
) -> Response:
    wanted = SecurityEvent(event) if event else None
    found = there.security.page(limit=EVENTS, offset=offset, event=wanted, actor=actor.strip() or None)
    more = {name: value for name, value in (("event", event), ("actor", actor.strip())) if value}
    return page(
        request,
        "activity/security.html",
        found=found,
        link=_link(request, "/security", **more),
        event=event,
        actor=actor.strip(),
        events=[one.value for one in SecurityEvent],
        refusals=REFUSALS,
        written=written,
    )


@router.get("/{change_id:row}")
def show_change(request: Request, there: There, _: AsViewer, change_id: PathId, offset: Offset = 0) -> Response:
    """One change set, fifty of its rows at a time."""
    with there.database.read() as connection:
        found = store.rows_of(connection, change_id, limit=ENTRIES, offset=offset)
        words = told(connection, [found] if found else [])
    if found is None:
        raise NotFound(f"There is no change set {change_id}.", id=change_id)
    return page(
        request,
        "activity/change.html",
        change=found,
        words=words[0][1],
        entries=[(entry, fields_of(entry)) for entry in found.entries or []],
        total=found.touched,
        offset=offset,
        limit=ENTRIES,
        link=_link(request, f"/{change_id}"),
    )


def fields_of(entry: Entry) -> list[tuple[str, str | None, str | None]]:
    """Each field that differs: its name, before, after, as people read them; None where it was not there."""
    names = dict.fromkeys([*entry.before, *entry.after])
    return [(name, written(entry.before.get(name)), written(entry.after.get(name))) for name in names]


def written(value: Any) -> str | None:
    """A fact with its source behind it; whatever is no text as JSON; a long one cut."""
    if isinstance(value, dict) and value.keys() == {"source", "value"}:
        return f"{written(value['value']) or 'unknown'} ({value['source']})"
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _link(request: Request, path: str, **more: str) -> Any:
    return lambda to: f"{base(request)}/activity{path}?{urlencode({**more, 'offset': to})}"
