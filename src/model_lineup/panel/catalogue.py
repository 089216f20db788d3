"""Catalogues: what models inherit facts from. A file, or an earlier catalogue, is taken into use in two steps: first
what would change, then the change."""

import base64
import binascii
import zlib
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.bodies import Body, Line, Moment
from model_lineup.api.catalogues import when
from model_lineup.api.dependencies import There
from model_lineup.catalog.refreshing import Refreshed
from model_lineup.catalogues.reading import FORMATS
from model_lineup.errors import InvalidInput, LineupError, TooLarge
from model_lineup.journal.record import Author
from model_lineup.panel import render
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.models.details import LABELS, told
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.rooms import Rooms

HOME = "/models/catalogue"
router = pages(HOME)
MIB = 2**20


class _Entered(Body):
    name: Line = ""
    dated: Moment | None = None


class Wanted(NamedTuple):
    """`what`: `file`, `again` (read once more what is there), `none`, or the id of one that is kept. `packed`: the file
    as it travels between the two steps, byte for byte."""

    what: str
    body: bytes = b""
    name: str = ""
    dated: str = ""

    @property
    def packed(self) -> str:
        return base64.b64encode(zlib.compress(self.body)).decode() if self.body else ""


@router.get("")
def listing(request: Request, there: There, _: AsViewer) -> Response:
    return _page(request, there)


@router.post("")
def refresh(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """What would change; with `apply` the change, if nothing else has changed since that was shown."""
    wanted = Wanted(form.text("what"), b"", form.text("name")[:200], form.text("dated"))
    try:
        wanted = wanted._replace(body=_file(form, there.settings.import_body_mib * MIB))
        found = _carried_out(there, by, wanted, dry_run=True)
        is_same = form.whole("revision") == found.revision
        if not (form.flag("apply") and is_same):
            overtaken = form.flag("apply")
            return _preview(request, wanted, found, overtaken=overtaken)
        done = _carried_out(there, by, wanted, dry_run=False)
    except LineupError as error:
        if error.status >= 500:
            raise
        return _page(request, there, wanted, error)
    name = done.catalogue.name if done.catalogue else done.packaged
    count = done.models_changed
    others = "1 model has another value" if count == 1 else f"{count} models have other values"
    say = f"{name} is in use; {others} now."
    return render.go(request, HOME, say=say)


def _carried_out(there: Rooms, by: Author, wanted: Wanted, *, dry_run: bool) -> Refreshed:
    """Raises InvalidInput, NotFound."""
    if wanted.what == "file":
        if not wanted.body:
            raise InvalidInput.at("file", "choose a file first")
        entered = validated(_Entered, {"name": wanted.name, "dated": _moment(wanted.dated)})
        return there.catalogues.refresh(wanted.body, by, name=entered.name, dated=when(entered.dated), dry_run=dry_run)
    if wanted.what == "again":
        return there.catalogues.refresh(b"", by, dry_run=dry_run)
    chosen = None if wanted.what == "none" else _row(wanted.what)
    return there.catalogues.use(chosen, by, dry_run=dry_run)


def _row(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InvalidInput.at("what", "file, again, none, or the id of a catalogue")
    return int(text)


def _moment(day: str) -> str | None:
    """The beginning of that day; what is no day is left for the body to refuse."""
    return f"{day}T00:00:00Z" if day else None


def _file(form: Form, most: int) -> bytes:
    """The file that was chosen, or the one that was looked at. Raises TooLarge, InvalidInput."""
    file = form.file("file")
    if not file:
        return _unpacked(form.text("packed"), most)
    if len(file) > most:
        size = f"{len(file) / MIB:.1f} MiB"
        raise TooLarge(
            f"The file has {size}; a catalogue may have {most // MIB} (LINEUP_IMPORT_BODY_MIB).",
            errors=[{"pointer": "file", "message": f"{size} are too much; {most // MIB} at most"}],
        )
    return file


def _unpacked(packed: str, most: int) -> bytes:
    try:
        unpacking = zlib.decompressobj()
        body = unpacking.decompress(base64.b64decode(packed, validate=True), most) if packed else b""
    except (binascii.Error, ValueError, zlib.error):
        raise InvalidInput.at("file", "choose the file once more") from None
    if packed and not unpacking.eof:
        raise InvalidInput.at("file", "choose the file once more")
    return body


def _preview(request: Request, wanted: Wanted, found: Refreshed, *, overtaken: bool) -> Response:
    return render.page(
        request,
        "catalogue/preview.html",
        wanted=wanted,
        found=found,
        overtaken=overtaken,
        fields=[(LABELS.get(field, field), count) for field, count in found.fields.items()],
        labels=LABELS,
        told=told,
    )


def _page(request: Request, there: Rooms, wanted: Wanted | None = None, error: LineupError | None = None) -> Response:
    entered: dict[str, Any] = {"name": wanted.name, "dated": wanted.dated} if wanted else {"name": "", "dated": ""}
    return render.page(
        request,
        "catalogue/page.html",
        status=200 if error is None else error.status,
        found=there.catalogues.listed(),
        formats=[one.NAME for one in FORMATS],
        most_mib=there.settings.import_body_mib,
        entered=entered,
        error=error,
        errors={} if error is None else said_of_fields(error),
    )
