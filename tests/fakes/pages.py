"""A browser without scripts: keeps cookies, finds a page's form token, sends forms."""

import re
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from tests.fakes.server import EMAIL, PASSWORD, Answer, Client

FORM = "application/x-www-form-urlencoded"


class Looker:
    """One visitor of the panel. Underscores in names of headers stand for hyphens."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cookies: dict[str, str] = {}
        self.token = ""

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, None, headers)

    def send(self, path: str, /, fields: dict[str, Any] | None = None, **headers: str) -> Answer:
        """A form with the token of the page that was looked at last; lists are fields that come several times."""
        body = urlencode({"form_token": self.token, **(fields or {})}, doseq=True).encode()
        return self._ask("POST", path, body, {"content_type": FORM, **headers})

    def upload(self, path: str, fields: dict[str, Any], **files: bytes) -> Answer:
        """A form with files, as a browser writes it; `file=b"…"` was chosen in the field `file`."""
        parts = [
            (f'name="{name}"', str(value).encode()) for name, value in {"form_token": self.token, **fields}.items()
        ]
        parts += [(f'name="{name}"; filename="chosen"', content) for name, content in files.items()]
        pieces = [
            b"--=-=\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (head.encode(), content)
            for head, content in parts
        ]
        body = b"".join([*pieces, b"--=-=--\r\n"])
        return self._ask("POST", path, body, {"content_type": "multipart/form-data; boundary==-="})

    def follow(self, answer: Answer) -> Answer:
        """The page that a finished form leads to."""
        assert answer.status == 303, answer
        return self.get(answer.headers["location"])

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> "Looker":
        self.sign_in_only(email, password)
        assert self.get("/admin/").status == 200
        return self

    def sign_in_only(self, email: str, password: str) -> "Looker":
        """For those who have no overview."""
        self.get("/admin/sign-in")
        answer = self.send("/admin/sign-in", {"email": email, "password": password})
        assert answer.status == 303, answer
        return self

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent.setdefault("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        answer = self.client.call(method, path, raw=body, headers=sent)
        for name, morsel in SimpleCookie(answer.headers.get("set-cookie", "")).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        found = re.search(rb'name="form_token" value="([0-9a-f]+)"', answer.body)
        self.token = found[1].decode() if found else self.token
        return answer


def text_of(answer: Answer) -> str:
    """What a page says to who reads it, without markup; white space is one space."""
    reader = _Reader()
    reader.feed(answer.body.decode())
    return " ".join("".join(reader.pieces).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)
