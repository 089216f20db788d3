"""Where an instance is, and how a copy of it is made."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from model_lineup.database import engines, holding
from model_lineup.errors import OperationRefused
from model_lineup.operations import copies, swap
from model_lineup.operations.archive import DATABASES
from model_lineup.settings import Settings


@dataclass(frozen=True, slots=True)
class Source:
    """The instance that these settings mean."""

    settings: Settings

    @property
    def kind(self) -> str:
        return "sqlite" if self.settings.database_url is None else "postgresql"

    def copy_into(self, folder: Path) -> None:
        """Both databases of one moment. Raises OperationRefused where there is none, StartRefused."""
        if self.settings.database_url is not None:
            with contextlib.closing(_Postgres(self.settings.database_url.get_secret_value())) as postgres:
                copies.of_postgres(postgres.engine, folder)
            return
        data_dir = self.settings.data_dir
        swap.finish_interrupted(data_dir)
        if missing := [name for name in DATABASES if not (data_dir / name).is_file()]:
            raise OperationRefused(f"There is no {' and no '.join(missing)} in {data_dir}, so nothing to back up.")
        with holding.together(data_dir):
            copies.of_sqlite(data_dir, folder)


class _Postgres:
    def __init__(self, url: str) -> None:
        self.engine = engines.postgres_engine(url, pool=1)

    def close(self) -> None:
        self.engine.dispose()
