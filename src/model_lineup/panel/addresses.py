"""Under which address callers reach this Lineup, as far as it can be known."""

from starlette.requests import Request

from model_lineup.api.dependencies import rooms
from model_lineup.panel import cookies


def base_url(request: Request) -> str:
    """What `LINEUP_PUBLIC_URL` says, else the address in the browser; with the root path, no slash at its end."""
    settings = rooms(request).settings
    root = settings.root_path.rstrip("/")
    if settings.public_url:
        public = settings.public_url.rstrip("/")
        return public if public.endswith(root) else public + root
    scheme = "https" if cookies.over_tls(request) else "http"
    return f"{scheme}://{request.headers.get('host', 'localhost')}{root}"
