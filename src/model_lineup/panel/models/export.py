"""All models that the filter lets through, as a file: written as it is read, however long it is."""

import csv
import io
import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from model_lineup.api.dependencies import There
from model_lineup.catalog.shapes import Model, ModelFilter
from model_lineup.panel.models.view import view_of
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsViewer
from model_lineup.rooms import Rooms

router = pages("/models")
AT_ONCE = 500
"""Models in memory."""
PLAIN = (
    *("id", "model_id", "display_name", "task", "status", "visible", "listed", "agents_enabled", "context_length"),
    *("max_output_tokens", "supports_tools", "supports_vision", "supports_streaming", "source"),
)
HEAD = (*PLAIN, "provider", "aliases", "ttft_ms_p50", "output_tokens_per_s_p50", "created_at", "updated_at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@router.get("/export.csv")
def export_csv(request: Request, there: There, _: AsViewer) -> Response:
    """A line for each model; what a spreadsheet would take for a formula begins with an apostrophe."""
    return _file(_csv(there, view_of(request).wanted), "text/csv; charset=utf-8", "models.csv")


@router.get("/export.json")
def export_json(request: Request, there: There, _: AsViewer) -> Response:
    """A list of models, each as the API has it."""
    return _file(_json(there, view_of(request).wanted), "application/json", "models.json")


def _file(pieces: Iterator[bytes], media_type: str, name: str) -> Response:
    return StreamingResponse(
        pieces, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'}
    )


def _csv(there: Rooms, wanted: ModelFilter) -> Iterator[bytes]:
    models = there.models.stream(wanted)
    lines: list[list[Any]] = [list(HEAD)]
    while lines:
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        yield text.getvalue().encode()
        lines = [_line(model) for model in itertools.islice(models, AT_ONCE)]


def _line(model: Model) -> list[Any]:
    benchmark: dict[str, Any] = msgspec.json.decode(model.last_benchmark) or {}
    more: list[Any] = [model.provider.name, " ".join(model.aliases)]
    more += [benchmark.get("ttft_ms_p50"), benchmark.get("output_tokens_per_s_p50")]
    cells = [*(getattr(model, field) for field in PLAIN), *more]
    return [*(_cell(cell) for cell in cells), model.created_at.isoformat(), model.updated_at.isoformat()]


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _json(there: Rooms, wanted: ModelFilter) -> Iterator[bytes]:
    models, encode, before = there.models.stream(wanted), msgspec.json.Encoder().encode, b"[\n"
    while piece := list(itertools.islice(models, AT_ONCE)):
        yield before + b",\n".join(encode(model) for model in piece)
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"
