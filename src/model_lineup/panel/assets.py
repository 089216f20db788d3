"""The files that browsers keep: own ones (`static/`) and what npm brought at build (`built/`).

They stand under one address that changes with any of them, so they can be kept for ever.
"""

import functools
import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import Anybody
from model_lineup.errors import NotFound, Unavailable

router = APIRouter(prefix="/admin")
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
NEEDED = frozenset({"basecoat.css", "htmx.js", "icons.svg"})
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    body: bytes
    media_type: str

    @functools.cached_property
    def packed(self) -> bytes:
        return gzip.compress(self.body, 9, mtime=0)


@dataclass(frozen=True, slots=True)
class Assets:
    """`version`: a digest over all of them."""

    version: str
    files: dict[str, Asset]


@functools.cache
def load() -> Assets:
    """Read once. Raises Unavailable when the build step of a checkout was left out."""
    package = files(__package__)
    found = {file.name: _asset(file) for folder in ("built", "static") for file in _files(package.joinpath(folder))}
    if missing := sorted(NEEDED - found.keys()):
        raise Unavailable(
            f"This checkout lacks the panel's browser files ({', '.join(missing)}): `make setup` builds them."
        )
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(found):
        digest.update(name.encode() + b"\0" + found[name].body)
    return Assets(digest.hexdigest(), found)


@router.get("/static/{version}/{name}", include_in_schema=False)
def static_file(
    request: Request,
    version: Annotated[str, Path(max_length=64)],
    name: Annotated[str, Path(max_length=100)],
    _: Anybody,
) -> Response:
    """One file. A page of an older version still gets today's, which it must not keep."""
    assets = load()
    asset = assets.files.get(name)
    if asset is None:
        raise NotFound(f"The panel has no file {name[:100]!r}.")
    headers = {"cache-control": FOR_EVER if version == assets.version else "no-store", "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, headers={**headers, "content-encoding": "gzip"}, media_type=asset.media_type)
    return Response(asset.body, headers=headers, media_type=asset.media_type)


def _files(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    return [file for file in folder.iterdir() if PurePosixPath(file.name).suffix in MEDIA_TYPES]


def _asset(file: Traversable) -> Asset:
    return Asset(file.read_bytes(), MEDIA_TYPES[PurePosixPath(file.name).suffix])
