"""One `Database` for both kinds: `read()`, `write()` and `write_activity()` are the only ways to a connection.

SQLite: readers see both files and can change neither; one writer per file and process, which takes the write lock when
it begins, so that a transaction never fails halfway with SQLITE_BUSY_SNAPSHOT. PostgreSQL: the same interface over
one small pool; writers of the configuration queue on the row that holds the revision, so that revisions are committed
in their order.
"""

import contextlib
import importlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool, StaticPool

from model_lineup import durable
from model_lineup.database import failures, holding, silence
from model_lineup.database.dialects import take_hints
from model_lineup.errors import DatabaseBusy, StartRefused, Unavailable

_WRITERS_CACHE = "cache_size = -32768"
"""KiB. A bulk change of 10 000 models touches 16 MB; what does not fit is written to the log and read again."""
_READERS_CACHE = ("main.cache_size = -512", "activity.cache_size = -512")
"""KiB. There are many readers, and the system keeps the pages of the files once for all of them."""
_PRAGMAS = ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL", "mmap_size = 0")
_WRITE_LINEUP = ("BEGIN", "UPDATE instance SET revision = revision WHERE id = 0")
"""Takes the write lock of `lineup.db` alone, at once; BEGIN IMMEDIATE would lock the attached file too."""
_READ_BOTH = ("BEGIN", "SELECT 1 FROM main.sqlite_schema, activity.sqlite_schema LIMIT 1")
"""Fixes the moment of both files, each of which would else be seen as it is when it is first read."""
_POOL_WAIT_S = 5.0


class Database:
    """Connections to the configuration and the activity tables of one instance."""

    def __init__(
        self,
        readers: Engine,
        writer: Engine,
        activity_writer: Engine,
        *,
        turns: "tuple[_Turn, _Turn] | None" = None,
        file: Path | None = None,
    ) -> None:
        """`turns`: of the writers of this process, where there is one of each at a time (SQLite); `file`: there, the
        one of the configuration."""
        self.file = file
        self.written = 0
        """How many transactions on the configuration this process has committed."""
        self.silence_s: float | None = None
        """How long PostgreSQL may take for an answer, in seconds; None: as long as it takes."""
        self._readers = readers
        self._writer = writer
        self._activity_writer = activity_writer
        self._turns = turns or (_NO_TURN, _NO_TURN)
        self._is_not_durable = False
        self.on_not_durable: Callable[[], None] = lambda: None
        """Called once, from any thread, when something did not reach the disk."""
        self.until_closed = contextlib.ExitStack()
        """What is let go with the connections: the hold on the data folder."""

    @property
    def is_sqlite(self) -> bool:
        return self._readers.dialect.name == "sqlite"

    @property
    def address(self) -> URL:
        """Of PostgreSQL, its password in it."""
        return self._writer.url

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of both sets of tables, and cannot change them."""
        with failures.told(), self._readers.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction on the configuration: committed when the block ends, rolled back when it raises.

        Raises DatabaseBusy when its turn does not come in time.
        """
        with self._turns[0], self._told():
            with self._writer.begin() as connection:
                yield connection
            self.written += 1

    @contextlib.contextmanager
    def write_activity(self) -> Iterator[Connection]:
        """A transaction on the activity tables; it never waits for one on the configuration."""
        with self._turns[1], self._told(), self._activity_writer.begin() as connection:
            yield connection

    def _told(self) -> contextlib.AbstractContextManager[None]:
        """Raises Unavailable once something did not reach the disk: only a new process knows what is there."""
        if self._is_not_durable:
            raise failures.not_durable()
        return failures.told(self.file, self._stop_writing)

    def _stop_writing(self) -> None:
        if not self._is_not_durable:
            self._is_not_durable = True
            self.on_not_durable()

    def close(self) -> None:
        for engine in (self._readers, self._writer, self._activity_writer):
            engine.dispose()
        self.until_closed.close()


def sqlite_module() -> Any:
    """`pysqlite3` where it has wheels, for its fresh SQLite; the interpreter's own elsewhere."""
    with contextlib.suppress(ImportError):
        return importlib.import_module("pysqlite3.dbapi2")
    return importlib.import_module("sqlite3")


def open_sqlite(
    folder: Path, *, busy_s: float, queue: int, readers: int = 40, wait_s: float = _POOL_WAIT_S
) -> Database:
    """The two files in `folder`, which must exist and be migrated.

    A writer waits `busy_s` for its turn in this process, where `queue` may wait, and as long for other processes. A
    reader waits `wait_s` for one of `readers` connections.
    """
    lineup, activity = folder / "lineup.db", folder / "activity.db"
    read = _sqlite(lineup, attach=activity, busy_s=busy_s, begin=_READ_BOTH, readers=readers, wait_s=wait_s)
    write = _sqlite(lineup, attach=activity, busy_s=busy_s, begin=_WRITE_LINEUP)
    write_activity = _sqlite(None, attach=activity, busy_s=busy_s, begin=("BEGIN IMMEDIATE",))
    return Database(read, write, write_activity, turns=(_Turn(queue, busy_s), _Turn(queue, busy_s)), file=lineup)


def open_sqlite_for_migration(folder: Path) -> Engine:
    """One connection that may change both files, which are made; its `begin()` holds the write locks of both."""
    files = (folder / "lineup.db", folder / "activity.db")
    if folder.is_dir():
        for file in files:
            durable.make_private(file)
    return _sqlite(files[0], attach=files[1], busy_s=60, begin=("BEGIN IMMEDIATE",), create=True)


def open_postgres(
    url: str, *, busy_s: float, pool: int, wait_s: float = _POOL_WAIT_S, silence_s: float | None = None
) -> Database:
    """One pool; `url` is any `postgresql://` address. `silence_s`: how long an answer may take, then the connection is
    given up. Raises StartRefused when the driver is not installed."""
    engine = postgres_engine(url, pool=pool, wait_s=wait_s, silence_s=silence_s)
    readers = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @event.listens_for(engine, "begin")
    def limit_waiting(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(busy_s * 1000)}")

    database = Database(readers, engine, engine)
    database.silence_s = silence_s
    return database


def postgres_engine(
    url: str | URL, *, pool: int, wait_s: float = _POOL_WAIT_S, held: bool = True, silence_s: float | None = None
) -> Engine:
    """`held`: each connection keeps a restore away while it is open, and is not made while one is under way.

    Raises StartRefused for an address that is not PostgreSQL's, or without the driver.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StartRefused("LINEUP_DATABASE_URL is no address; it looks like postgresql://user@host:5432/db.") from None
    if parsed.get_backend_name() != "postgresql":
        raise StartRefused("LINEUP_DATABASE_URL must start with postgresql://; leave it out to use SQLite.")
    try:
        engine = create_engine(
            _with_psycopg(parsed), pool_size=pool, max_overflow=0, pool_timeout=wait_s, pool_pre_ping=True
        )
    except ImportError:
        raise StartRefused("PostgreSQL needs its driver: pip install 'model-lineup[postgres]'.") from None

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: list[Any], parameters: dict[str, Any]) -> Any:
        return silence.connect(silence_s, *arguments, **{**silence.PARAMETERS, **parameters})

    if held:
        event.listen(engine, "connect", _hold_together)
    return engine


def _hold_together(connection: Any, _: object) -> None:
    """Raises Unavailable while a restore has the database alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock_shared(%s)", (holding.ADVISORY_LOCK,))
        if not cursor.fetchone()[0]:
            raise Unavailable("This database is being restored. Try again in a minute.", retry_after=60)
    connection.commit()


def _with_psycopg(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg")


def _sqlite(
    main: Path | None,
    *,
    attach: Path | None,
    busy_s: float,
    begin: Sequence[str],
    readers: int = 0,
    wait_s: float = _POOL_WAIT_S,
    create: bool = False,
) -> Engine:
    """An engine on `main` (None: nothing) with `attach` as schema `activity`; `readers` > 0: a read-only pool."""
    driver = sqlite_module()

    def connect() -> Any:
        connection = driver.connect(
            located(main) if main else ":memory:",
            timeout=busy_s,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        )
        try:
            if attach:
                connection.execute("ATTACH DATABASE ? AS activity", (located(attach),))
            more = ("query_only = ON", *_READERS_CACHE) if readers else (_WRITERS_CACHE,)
            for pragma in (*_PRAGMAS, *more):
                connection.execute(f"PRAGMA {pragma}")
        except driver.Error:
            connection.close()
            raise
        return connection

    def located(file: Path) -> str:
        """A file that is not there any more must not come back as an empty one; only a migration makes files."""
        return f"{file.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"

    pool: dict[str, Any] = {"poolclass": StaticPool}
    if readers:
        kept = min(8, readers)
        pool = {"poolclass": QueuePool, "pool_size": kept, "max_overflow": readers - kept, "pool_timeout": wait_s}
        pool["pool_use_lifo"] = True  # each connection keeps pages of both files: those that are not needed stay small
    engine = take_hints(create_engine("sqlite://", module=driver, creator=connect, **pool))

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        for statement in begin:
            connection.exec_driver_sql(statement).close()

    return engine


class _Turn:
    """A lock on which no more than `queue` threads wait, each for `wait_s` at most."""

    def __init__(self, queue: int, wait_s: float) -> None:
        self._lock = threading.Lock()
        self._wait_s = wait_s
        self._places = threading.BoundedSemaphore(queue + 1)

    def __enter__(self) -> None:
        if not self._places.acquire(blocking=False):
            raise DatabaseBusy("Too many changes are waiting to be written. Try again in a second.", retry_after=1)
        if not self._lock.acquire(timeout=self._wait_s):
            self._places.release()
            raise DatabaseBusy("A long change is being written. Try again in a second.", retry_after=1)

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        self._places.release()


_NO_TURN: contextlib.AbstractContextManager[None] = contextlib.nullcontext()


def sqlite_version(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT sqlite_version()")).scalar_one())
