"""Many aliases from a file, JSON or CSV: first what would become of each, then all of them or none."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.aliases import ImportBody
from model_lineup.api.bodies import said
from model_lineup.api.dependencies import There
from model_lineup.catalog.alias_import import Mode
from model_lineup.catalog.shapes import ImportedItem, ImportItem
from model_lineup.errors import ImportConflict, InvalidInput, LineupError, NameWouldMove, TooLarge
from model_lineup.journal.record import Author
from model_lineup.panel import render
from model_lineup.panel.aliases.file import items_of
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, By, Sent
from model_lineup.rooms import Rooms

router = pages("/aliases")
ROWS = 500
"""Items on a page of the rehearsal, conflicts first."""
MOST_TYPED = 50_000
"""Characters that stand in a field to be edited; a longer text is kept, but not shown."""
MIB = 2**20
OUTCOMES = ("conflict", "created", "updated", "unchanged")


class Rehearsal(NamedTuple):
    """`items`: of one page of the report; `counts` are of all. `error`: what speaks against it."""

    text: str = ""
    mode: str = "create"
    counts: dict[str, int] = dict.fromkeys(OUTCOMES, 0)
    items: Sequence[ImportedItem] = ()
    offset: int = 0
    error: LineupError | None = None

    @property
    def digest(self) -> str:
        """Tells whether what is imported is what was rehearsed."""
        return hashlib.sha256(f"{self.mode}\n{self.text}".encode()).hexdigest()

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@router.get("/import")
def import_page(request: Request, there: There, _: AsAdmin) -> Response:
    return _page(request, there, Rehearsal())


@router.post("/import")
def run(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """A rehearsal; with `apply` the import, if it is of exactly what was rehearsed and nothing has come in between."""
    told = Rehearsal(form.text("text"), form.text("mode") or "create")
    try:
        told = told._replace(text=_text(form, there.settings.import_body_mib))
        items, mode = _items(told)
        if not (form.flag("apply") and form.text("seen") == told.digest):
            return _page(request, there, _rehearsed(there, by, told, items, mode, form.whole("offset") or 0))
        result = there.alias_import.run(items, by, mode=mode, confirm=form.flag("confirm"))
    except ImportConflict as conflict:
        return _page(request, there, _reported(told, conflict.facts["items"], 0)._replace(error=conflict))
    except NameWouldMove:
        return _page(request, there, _rehearsed(there, by, told, items, mode, 0))
    except LineupError as error:
        if error.status >= 500:
            raise
        return _page(request, there, told._replace(error=error))
    counts = f"{result.created} created, {result.updated} changed, {result.unchanged} as they were."
    return render.go(request, "/aliases", say=f"Aliases: {counts}", undo=result.change_id)


def _items(told: Rehearsal) -> tuple[list[ImportItem], Mode]:
    """Raises InvalidInput."""
    body = validated(ImportBody, {"aliases": items_of(told.text), "mode": told.mode})
    return [ImportItem(**said(item)) for item in body.aliases], body.mode


def _rehearsed(
    there: Rooms, by: Author, told: Rehearsal, items: list[ImportItem], mode: Mode, offset: int
) -> Rehearsal:
    """Raises LineupError, but not for what only has to be confirmed."""
    try:
        result, moves = there.alias_import.run(items, by, mode=mode, dry_run=True), None
    except NameWouldMove as error:
        result, moves = there.alias_import.run(items, by, mode=mode, dry_run=True, confirm=True), error
    except ImportConflict as conflict:
        return _reported(told, conflict.facts["items"], offset)._replace(error=conflict)
    return _reported(told, result.items, offset)._replace(error=moves)


def _text(form: Form, most_mib: int) -> str:
    """Of the file, if one was chosen. Raises TooLarge, InvalidInput."""
    file = form.file("file")
    if not file:
        return form.text("text")
    if len(file) > most_mib * MIB:
        size = f"{len(file) / MIB:.1f} MiB"
        raise TooLarge(
            f"The file has {size}; an import takes {most_mib} (LINEUP_IMPORT_BODY_MIB). Split it, or have it raised.",
            errors=[{"pointer": "file", "message": f"{size} are too much; {most_mib} at most"}],
        )
    try:
        return file.decode("utf-8-sig").replace("\r\n", "\n").strip()  # as it comes back from the page
    except UnicodeDecodeError:
        raise InvalidInput.at("file", "is no text in UTF-8; save it as JSON, or as CSV in UTF-8") from None


def _reported(told: Rehearsal, found: list[ImportedItem], offset: int) -> Rehearsal:
    counts = dict.fromkeys(OUTCOMES, 0)
    for item in found:
        counts[item.outcome] += 1
    offset = offset // ROWS * ROWS if 0 <= offset < len(found) else 0
    ordered = sorted(found, key=lambda item: (OUTCOMES.index(item.outcome), item.index))
    return told._replace(counts=counts, items=ordered[offset : offset + ROWS], offset=offset)


def _page(request: Request, there: Rooms, told: Rehearsal) -> Response:
    error = told.error
    return render.page(
        request,
        "aliases/import.html",
        status=200 if error is None else error.status,
        told=told,
        error=error,
        errors={} if error is None else said_of_fields(error),
        asks=isinstance(error, NameWouldMove),
        is_long=len(told.text) > MOST_TYPED,
        rows=ROWS,
        most_mib=there.settings.import_body_mib,
    )
