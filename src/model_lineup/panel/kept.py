"""What a form held when the session behind it had ended: kept over the next sign-in, then asked about and sent again.

It travels in the pages themselves, as hidden fields, and never in a cookie or a store. Passwords and keys are left out.
"""

import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import rooms
from model_lineup.panel.forms import Form
from model_lineup.panel.render import base, go, take_over

SECRETS = frozenset({"password", "current_password", "new_password", "again", "api_key"})
OF_PAGES = frozenset({"form_token", "version", "version_now"})
"""What a form says beside what was entered."""
MOST_CHARACTERS = 200_000


class Kept(NamedTuple):
    """`at`: where the form went; `came_from`: the page that it stands on. Both are paths below the panel."""

    at: str
    came_from: str
    pairs: list[tuple[str, str]]
    left_out: bool

    @property
    def packed(self) -> str:
        return json.dumps([self.at, self.came_from, self.pairs, self.left_out])

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What of it was entered, for people."""
        return [
            (name.replace("_", " "), value)
            for name, value in self.pairs
            if value and name not in OF_PAGES and not name.startswith("was_")
        ]


def of_form(request: Request, form: Form) -> Kept:
    """Everything but secrets; nothing of a form that is too large."""
    path = request.url.path.removeprefix("/admin") + (f"?{request.url.query}" if request.url.query else "")
    pairs = [(name, value) for name in form.names() for value in form.many(name) if name != "form_token"]
    open_ones = [(name, value) for name, value in pairs if name not in SECRETS]
    if sum(len(name) + len(value) for name, value in open_ones) > MOST_CHARACTERS:
        open_ones = []
    left_out = any(value for name, value in pairs if name in SECRETS) or (bool(pairs) and not open_ones)
    return Kept(path, _page_of(request), open_ones, left_out)


def unpacked(text: str) -> Kept | None:
    """None for what is nothing of ours."""
    try:
        at, came_from, pairs, left_out = json.loads(text)
        kept = Kept(str(at), str(came_from), [(str(name), str(value)) for name, value in pairs], bool(left_out))
        json.dumps(kept, ensure_ascii=False).encode()  # half a character cannot stand in a page
    except (ValueError, TypeError):
        return None
    return kept if inside(kept.at) == kept.at and inside(kept.came_from) == kept.came_from else None


def ask_to_sign_in(request: Request, form: Form) -> Response:
    """The sign-in page, which keeps the form; in the place of the page where htmx sent it."""
    return take_over(
        request, "session/ended.html", "session/_ended.html", status=401, **ended(request, of_form(request, form))
    )


def ended(request: Request, kept: Kept) -> dict[str, Any]:
    """What the page of an ended session is made of."""
    sign_on = rooms(request).sign_on
    return {"kept": kept, "elsewhere": sign_on.name if sign_on.is_on else None}


def go_on(request: Request, kept: Kept) -> Response:
    """After the sign-in: what was entered, to be sent now or not. With nothing entered, back to the page."""
    if not kept.pairs:
        return go(request, kept.came_from)
    return take_over(request, "session/again.html", "session/again.html", kept=kept)


def inside(wanted: str) -> str:
    """A path below the panel and nothing else: what is none leads to the overview."""
    if not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or any(one < " " for one in wanted):
        return "/"
    return wanted


def _page_of(request: Request) -> str:
    """Where the form stands, as the browser says."""
    address = urlsplit(request.headers.get("referer", "")[:2_000])
    path, start = address.path, base(request)
    if not path.startswith(f"{start}/"):
        return "/"
    return inside(path.removeprefix(start) + (f"?{address.query}" if address.query else ""))
