"""The PostgreSQL of the tests: every test has a database of its own, and nothing is left behind."""

import subprocess
import sys
import time
from pathlib import Path

import psycopg

from tests.fakes.postgres import PostgresServer


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def test_each_database_is_new_and_empty(postgres_server: PostgresServer, postgres_url: str) -> None:
    with psycopg.connect(plain(postgres_url)) as first:
        first.execute("CREATE TABLE kept (n int)")
    second_url = postgres_server.fresh_database()
    with psycopg.connect(plain(second_url)) as second:
        found = second.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'").fetchone()
    postgres_server.drop(second_url)

    assert found == (0,)


def test_a_database_can_be_copied_from_a_template(postgres_server: PostgresServer, postgres_url: str) -> None:
    with psycopg.connect(plain(postgres_url)) as original:
        original.execute("CREATE TABLE copied AS SELECT 7 AS n")
    template = postgres_url.rpartition("@/")[2].partition("?")[0]

    copy_url = postgres_server.fresh_database(template)
    with psycopg.connect(plain(copy_url)) as copy:
        found = copy.execute("SELECT n FROM copied").fetchone()
    postgres_server.drop(copy_url)

    assert found == (7,)


def test_the_server_goes_when_the_tests_are_killed() -> None:
    script = (
        "import os, signal\n"
        "from tests.fakes.postgres import PostgresServer\n"
        "server = PostgresServer().start(); print(server.directory, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    directory = Path(killed.stdout.strip())

    deadline = time.monotonic() + 20
    while directory.exists():
        assert time.monotonic() < deadline, f"{directory} is still there"
        time.sleep(0.05)
