"""`data:` URLs, which carry an image or a file inside a request."""

import re

from model_lineup.upstream.translation.shapes import UntranslatableError

_DATA_URL = re.compile(r"data:(?P<media_type>[a-zA-Z0-9.+-]+/[a-zA-Z0-9.+-]+);base64,(?P<data>[A-Za-z0-9+/=_-]+)")


def split_data_url(url: str, at: str) -> tuple[str, str]:
    """Media type, in lower case, and the base64 text. Raises UntranslatableError naming the field `at`."""
    found = _DATA_URL.fullmatch(url)
    if found is None:
        raise UntranslatableError(at, "must look like data:image/png;base64,…")
    return found["media_type"].lower(), found["data"]


def data_url(media_type: str, data: str) -> str:
    return f"data:{media_type};base64,{data}"
