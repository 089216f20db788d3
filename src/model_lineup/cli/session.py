"""What a verb works with: the admin API, opened when it is first asked, and a way to answer in text or JSON."""

from collections.abc import Callable, Mapping
from typing import Any

from model_lineup.cli import show
from model_lineup.cli.client import Admin, Answer, Transport
from model_lineup.cli.place import Place


class Session:
    """One run of a verb."""

    def __init__(self, place: Place, admin: Admin | None = None) -> None:
        self.place = place
        self.creates = False  # `create-admin` may make the Lineup that it works on
        self._admin = admin

    @property
    def admin(self) -> Admin:
        """Raises StartRefused, Refused."""
        if self._admin is None:
            self._admin = Admin(self._transport(), on_wait=show.note)
        return self._admin

    @property
    def is_local(self) -> bool:
        return self.place.server() is None

    def get(self, path: str, **query: Any) -> Answer:
        return self.admin.call("GET", path, query=query)

    def post(self, path: str, body: Any = None, **query: Any) -> Answer:
        return self.admin.call("POST", path, query=query, body=body)

    def put(self, path: str, body: Any = None, **query: Any) -> Answer:
        return self.admin.call("PUT", path, query=query, body=body)

    def delete(self, path: str, **query: Any) -> Answer:
        return self.admin.call("DELETE", path, query=query)

    def every(self, path: str, rows: str, **query: Any) -> list[dict[str, Any]]:
        """All rows of a paged list; `rows` is the member that holds them."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.get(path, limit=1000, offset=len(found), **query).json
            found += page[rows]
            if not page[rows] or len(found) >= page["total"]:
                return found

    def answer(self, answer: Answer, as_text: Callable[[Any], None]) -> None:
        """The API's JSON untouched with --json, else as a person reads it."""
        if self.place.as_json:
            show.raw(answer.body)
        else:
            as_text(answer.json)

    def tell(self, answer: Answer, done: str, *hints: str) -> None:
        """After a change: what was done, or that nothing had to be; then what could come next."""
        if self.place.as_json:
            show.raw(answer.body)
            return
        change = _change_of(answer)
        show.line(f"{done} Change {change}." if change else f"{done} Nothing had to change.")
        for hint in hints:
            show.note(hint)

    def close(self) -> None:
        if self._admin is not None:
            self._admin.close()

    def _transport(self) -> Transport:
        server = self.place.server()
        if server is None:
            from model_lineup.cli.local import Local

            return Local(self.place.settings().settings, create=self.creates)
        from model_lineup.cli.remote import Remote

        remote = Remote(*server)
        if remote.sends_in_the_clear:
            show.note("Warning: over http:// everybody on the way can read the admin key. Use https://.")
        return remote


def _change_of(answer: Answer) -> str | None:
    """The number of the change set: in the body, or in a header where there is no body."""
    body: Mapping[str, Any] = answer.json if isinstance(answer.json, dict) else {}
    found = body.get("change_id") or answer.headers.get("x-lineup-change")
    return str(found) if found else None
