"""An administrator who asks for what is refused, and looks whether anything changed all the same."""

import sqlite3
from contextlib import closing
from typing import Any

from tests.fakes.server import Answer, Client, Server, Workbench


class Doubter:
    """Dumps the whole configuration before and after, so that nothing half-done hides."""

    def __init__(self, server: Server, workbench: Workbench) -> None:
        self.server = server
        self.workbench = workbench
        self.admin = workbench.admin

    def stored(self) -> dict[str, list[Any]]:
        """Every table of the configuration, the journal and the revision among them."""
        path = self.server.data_dir / "lineup.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            assert "models" in tables
            return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in sorted(tables)}

    def refused(
        self,
        method: str,
        path: str,
        status: int,
        code: str,
        names: str = "",
        *,
        client: Client | None = None,
        **more: Any,
    ) -> Answer:
        """The answer to a request that must change nothing; `names` must stand in its text."""
        before = self.stored()
        answer = (client or self.admin).call(method, path, **more)
        assert (answer.status, answer.code) == (status, code), answer
        assert names in answer.json["detail"], answer
        assert len(answer.json["detail"]) < 1_000
        assert answer.body.count(b"Traceback") == 0
        assert self.stored() == before
        return answer
