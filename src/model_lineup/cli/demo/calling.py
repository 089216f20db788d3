"""The part of the demo that an application sees: a key, a call by the alias, and what hiding does to the next one."""

import contextlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from model_lineup.cli.client import Admin, Answer, Asked
from model_lineup.cli.options import refuse
from model_lineup.cli.remote import Remote
from model_lineup.cli.session import Session
from model_lineup.clock import SystemClock

KEY_NAME = "demo"
LIVES = timedelta(days=1)
_SHOWN = 34
_PATH = "/v1/chat/completions"


class Application:
    """Somebody with a user's key who calls one name of a running Lineup."""

    def __init__(self, admin: Admin, name: str) -> None:
        self._admin = admin
        self._name = name

    def says(self, *, max_tokens: int) -> str:
        """The beginning of an answer, in one line. Raises Refused for what is none."""
        answer = self._call(max_tokens)
        if answer.status != 200:
            raise refuse("demo_call_failed", f"The call was answered with {answer.status}: {self._error(answer)}")
        text = " ".join(str(answer.json["choices"][0]["message"]["content"]).split())
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

    def is_told(self) -> str:
        """Status and code of a call that has to be refused. Raises Refused where it is answered."""
        answer = self._call(1)
        if answer.status == 200:
            raise refuse("demo_call_failed", "A hidden model has answered.")
        return f"{answer.status} {self._error(answer)}"

    def _call(self, max_tokens: int) -> Answer:
        ask = {"model": self._name, "max_tokens": max_tokens, "messages": [{"role": "user", "content": "Say hello."}]}
        asked = Asked("POST", _PATH, {"content-type": "application/json"}, json.dumps(ask).encode())
        return self._admin.events(asked, lambda _: None)

    def _error(self, answer: Answer) -> Any:
        return answer.json["error"]["code"]


def new_key(here: Session) -> str:
    """A user's, for a day; those of earlier demos end."""
    for row in here.every("keys", "keys"):
        if row["name"] == KEY_NAME:
            here.delete(f"keys/{row['id']}")
    expires = (SystemClock().now() + LIVES).isoformat()
    return str(here.post("keys", {"name": KEY_NAME, "kind": "user", "expires_at": expires}).json["key"])


@contextlib.contextmanager
def application(url: str, key: str, name: str) -> Iterator[Application]:
    admin = Admin(Remote(url, key))
    try:
        yield Application(admin, name)
    finally:
        admin.close()
