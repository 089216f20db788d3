"""The configuration as a file: to download, to bring and plan, then to apply; and rows taken over from a file."""

import re
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.as_code import ApplyConfigurationBody
from model_lineup.api.dependencies import There
from model_lineup.changes.as_code.planned import Applied
from model_lineup.errors import InvalidInput, LineupError, TooLarge
from model_lineup.journal.record import Author
from model_lineup.panel import render
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.rooms import Rooms

router = pages("/settings/as-code")
ROWS = 200
_PATH = re.compile(r"/[\x21-\x7e]{0,2000}")
MOST_TYPED = 50_000
"""Characters that stand in a field to be edited; a longer text is kept, but not shown."""
MIB = 2**20
KEY = "key:"
"""Before the reference in the name of a field that takes a key."""


class Told(NamedTuple):
    """What was brought, and what it would do. `error`: what speaks against it."""

    text: str = ""
    label: str = "lineup.toml"
    prune: bool = False
    plan: Applied | None = None
    error: LineupError | None = None


@router.get("")
def as_code_page(request: Request, there: There, _: AsViewer) -> Response:
    return _page(request, there, Told())


@router.get("/lineup.toml")
def download(there: There, _: AsViewer) -> Response:
    """The configuration as it is now."""
    headers = {"content-disposition": 'attachment; filename="lineup.toml"'}
    return Response(there.export.export().text, headers=headers, media_type="application/toml")


@router.post("")
def run(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """A plan; with `apply` the applying, of the plan that was looked at."""
    told = Told(form.text("file_text"), form.text("label") or "lineup.toml", form.flag("prune"))
    try:
        told = told._replace(text=_text(form, there.settings.import_body_mib))
        body = _body(form, told)
        if not form.flag("apply") or form.file("file"):
            return _page(request, there, told._replace(plan=_planned(there, by, body)))
        done = there.apply.apply(
            body.file,
            by,
            label=body.label,
            keys=body.keys,
            prune=body.prune,
            revision=form.whole("revision"),
            confirm=form.flag("confirm"),
        )
    except LineupError as error:
        if error.status >= 500:
            raise
        return _page(request, there, told._replace(error=error))
    counts = f"{done.added} added, {done.changed} changed, {done.removed} removed."
    return render.go(request, "/settings/as-code", say=f"{done.label}: {counts}", undo=done.change_id)


@router.post("/take-over")
def take_over(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """One row, changed by hand again from now on; back to its page."""
    rows = {entity: form.wholes(entity) for entity in ("provider", "model", "alias") if entity in form}
    done = there.take_over.release(by, rows=rows)
    say = "It is changed here again." if done.change_id else "It belonged to no file."
    back = form.text("back")
    to = back if _PATH.fullmatch(back) else "/settings/as-code"
    return render.go(request, to, say=say, undo=done.change_id)


def _planned(there: Rooms, by: Author, body: ApplyConfigurationBody) -> Applied:
    return there.apply.apply(body.file, by, label=body.label, keys=body.keys, prune=body.prune, dry_run=True)


def _body(form: Form, told: Told) -> ApplyConfigurationBody:
    """Raises InvalidInput."""
    keys = {name.removeprefix(KEY): form.raw(name) for name in form.names() if name.startswith(KEY)}
    fields = {"file": told.text, "label": told.label, "prune": told.prune}
    return validated(ApplyConfigurationBody, {**fields, "keys": {name: key for name, key in keys.items() if key}})


def _text(form: Form, most_mib: int) -> str:
    """Of the file, if one was chosen. Raises TooLarge, InvalidInput."""
    file = form.file("file")
    if not file:
        return form.text("file_text")
    if len(file) > most_mib * MIB:
        raise TooLarge(f"The file has {len(file) / MIB:.1f} MiB; {most_mib} are taken (LINEUP_IMPORT_BODY_MIB).")
    try:
        return file.decode("utf-8-sig").replace("\r\n", "\n").strip()  # as it comes back from the page
    except UnicodeDecodeError:
        raise InvalidInput.at("file", "is no text in UTF-8; a configuration file is TOML or JSON") from None


def _page(request: Request, there: Rooms, told: Told) -> Response:
    error = told.error
    return render.page(
        request,
        "as_code/page.html",
        status=200 if error is None else error.status,
        told=told,
        plan=told.plan,
        error=error,
        errors={} if error is None else said_of_fields(error),
        wrong=[] if error is None else error.facts.get("errors", []),
        is_long=len(told.text) > MOST_TYPED,
        rows=ROWS,
        prefix=KEY,
        most_mib=there.settings.import_body_mib,
    )
