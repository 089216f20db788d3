"""The configuration as one file: written out."""

from typing import Any, Literal

from starlette.responses import Response

from model_lineup.api.dependencies import AsViewer, There
from model_lineup.api.strict import noun

router = noun("As code", "/api/admin", follows_configuration=True)
KINDS = {"toml": "application/toml", "json": "application/json"}
_FILE: dict[int | str, Any] = {
    200: {
        "description": "The file.",
        "content": {"application/toml": {"schema": {"type": "string"}}, "application/json": {"schema": {}}},
    }
}


@router.get("/export", responses=_FILE)
def export_configuration(there: There, _: AsViewer, format: Literal["toml", "json"] = "toml") -> Response:
    """Providers, models and aliases as administrators decided them, as one file. The same configuration is the same
    bytes. Keys are not in it: it says where each is, and `x-lineup-placeholders` names the providers whose key was
    entered by hand, so that the file can only say which variable to set.
    """
    found = there.export.export(format)
    headers = {"x-lineup-revision": str(found.revision), "x-lineup-placeholders": ",".join(found.by_hand)}
    return Response(found.text, headers=headers, media_type=KINDS[format])
