"""How callers hear that a model will end, or has ended: in headers of RFC 9745 and RFC 8594, and in the error then.

`Deprecation` says since when, `Sunset` when it ends, `Link` what follows (`successor-version`) and where the notice
stands (`deprecation`), with the administrator's words as its title.
"""

from email.utils import formatdate
from urllib.parse import quote

from model_lineup.access.callers import Audience
from model_lineup.catalog.lifecycle import Notice
from model_lineup.gateway.failures import Refused
from model_lineup.routing.listing import may_use, name_of
from model_lineup.routing.retirement import successor
from model_lineup.routing.snapshot import ModelState, Snapshot

_PATH = "/v1/models/"


def headers_of(snapshot: Snapshot, name: str, model: ModelState, audience: Audience) -> list[tuple[bytes, bytes]]:
    """For a model with a notice. Who follows is named only to those who may use it."""
    notice = model.notice
    if notice is None:
        return []
    headers = []
    if notice.deprecated_at is not None:
        headers.append((b"deprecation", b"@%d" % notice.deprecated_at))
    if notice.sunset_at is not None:
        headers.append((b"sunset", formatdate(notice.sunset_at, usegmt=True).encode()))
    links = _links(name, notice, following(snapshot, model, audience))
    if links:
        headers.append((b"link", ", ".join(links).encode()))
    return headers


def following(snapshot: Snapshot, model: ModelState, audience: Audience) -> str | None:
    """The name of who follows this model, for a caller who may use it."""
    found = successor(snapshot, model)
    if found is None or not may_use(snapshot, found, audience):
        return None
    return name_of(snapshot, found)


def retired(snapshot: Snapshot, name: str, model: ModelState, audience: Audience) -> Refused:
    """404 for all who might have called it."""
    notice, shown = model.notice, name[:200]
    assert notice is not None
    said = [notice.message] if notice.message else []
    if not said:
        when = "" if notice.sunset_at is None else f" on {formatdate(notice.sunset_at, usegmt=True)[5:16]}"
        said = [f"The model {shown!r} was retired{when}."]
    next_name = following(snapshot, model, audience)
    if next_name is not None:
        said.append(f"Use {next_name!r} instead.")
    headers = tuple(headers_of(snapshot, name, model, audience))
    return Refused(404, "model_retired", " ".join(said), param="model", headers=headers)


def _links(name: str, notice: Notice, next_name: str | None) -> list[str]:
    links = []
    if next_name is not None:
        links.append(f'<{_PATH}{_quoted(next_name)}>; rel="successor-version"')
    if notice.message:
        title = quote(notice.message, safe="")
        links.append(f'<{_PATH}{_quoted(name)}>; rel="deprecation"; type="application/json"; title*=UTF-8\'\'{title}')
    return links


def _quoted(name: str) -> str:
    return quote(name, safe="/:@+-._~")
