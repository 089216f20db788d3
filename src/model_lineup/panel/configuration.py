"""The settings of this server: what each is, where it comes from. Read-only; secrets are only said to be set."""

from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from model_lineup import __version__
from model_lineup.api.dependencies import There
from model_lineup.journal import store as journal_store
from model_lineup.panel.pages import pages
from model_lineup.panel.render import page
from model_lineup.panel.visitors import AsViewer
from model_lineup.settings import PREFIX, Settings

router = pages("/settings")


class Row(NamedTuple):
    """`origin`: `default`, `environment …`, `command line`, or a file."""

    variable: str
    value: str
    origin: str
    help: str


@router.get("")
def settings_page(request: Request, there: There, _: AsViewer) -> Response:
    with there.database.read() as connection:
        revision = journal_store.revision(connection)
    database = "PostgreSQL" if there.settings.database_url is not None else "SQLite"
    return page(
        request,
        "settings/page.html",
        rows=_rows(there.settings),
        version=__version__,
        database=database,
        revision=revision,
    )


def _rows(settings: Settings) -> list[Row]:
    return [
        Row(PREFIX + name.upper(), _shown(getattr(settings, name)), settings.origin_of(name), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    return "set, not shown" if hasattr(value, "get_secret_value") else str(value)
