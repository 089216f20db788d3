"""What lies on the disk and in the database: hashes, and no secret that was ever handed out."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from argon2.exceptions import InvalidHashError
from sqlalchemy import text

from model_lineup.access.actor import Role
from model_lineup.access.passwords import Passwords
from model_lineup.catalog.shapes import NewProvider
from model_lineup.rooms import Rooms
from model_lineup.vault import load_ring
from tests.access.office import BY, NEW_PASSWORD, PASSWORD, Office
from tests.fakes.instances import Kind

PROVIDER_KEY = "sk-canary-5f1d2c3b4a596877"
TABLES = text(
    "SELECT table_schema, table_name FROM information_schema.tables "
    "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
)


def everything(rooms: Rooms) -> bytes:
    """All bytes that the database keeps: the files with their logs, or every row of every table."""
    if rooms.database.is_sqlite:
        files = [
            file for file in rooms.settings.data_dir.iterdir() if file.name.split(".")[0] in ("lineup", "activity")
        ]
        assert len(files) >= 2
        return b"".join(file.read_bytes() for file in files)
    with rooms.database.read() as connection:
        rows: list[Any] = []
        for schema, table in connection.execute(TABLES).all():
            rows += connection.execute(text(f'SELECT * FROM "{schema}"."{table}"')).all()
    return repr(rows).encode()


def hand_out_everything(office: Office) -> list[str]:
    """Every kind of secret that there is, made and used in every way that leaves a trace."""
    rooms = office.rooms
    links = [rooms.people.new_setup_link(timedelta(minutes=30)) for _ in range(2)]
    admin = rooms.people.use_setup_link(links[1], "ada@example.com", PASSWORD)
    link = rooms.people.new_setup_link(timedelta(minutes=30))
    first = office.sign_in()
    second = rooms.sessions.refresh(first.refresh_token)
    rooms.people.change_own_password(admin.id, PASSWORD, NEW_PASSWORD, BY)
    secrets = [office.key(admin, kind)[1] for kind in ("admin", "user", "agent")]
    viewer = office.person("bob@example.com", Role.VIEWER, password="a third password")
    deleted, secret = office.key(admin)
    rooms.keys.delete(deleted.id, BY)
    rooms.people.delete(viewer.id, BY)
    new = NewProvider(name="Acme", type="openai", base_url="https://api.example.com/v1", api_key=PROVIDER_KEY)
    rooms.providers.create(new, BY)
    tokens = [token for pair in (first, second) for token in (pair.access_token, pair.refresh_token)]
    return [*links, link, *tokens, *secrets, secret, PASSWORD, NEW_PASSWORD, "a third password", PROVIDER_KEY]


def test_the_database_holds_no_secret(office: Office) -> None:
    secrets = hand_out_everything(office)
    kept = everything(office.rooms)
    assert b"ada@example.com" in kept, "the search looks at the right place"
    assert b"$argon2id$" in kept
    for secret in secrets:
        for form in (secret, secret[:-6], secret[-20:], secret.encode().hex()):
            assert form.encode() not in kept


def test_the_database_holds_nothing_of_the_key_ring(office: Office, kind: Kind) -> None:
    hand_out_everything(office)
    ring = load_ring(Path(office.rooms.settings.data_dir) / "keyring.json")
    assert ring is not None
    kept = everything(office.rooms)
    for key in (*ring.keys.values(), ring.pepper):
        assert key.encode() not in kept


def test_no_secret_stands_in_what_rooms_give_back(office: Office) -> None:
    secrets = hand_out_everything(office)
    rooms = office.rooms
    given = repr((rooms.people.page(limit=10, offset=0), rooms.keys.page(limit=10, offset=0), rooms.providers))
    assert not [secret for secret in secrets if secret in given]


def test_passwords_are_hashed_with_argon2id_as_owasp_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the real, dear hasher
    passwords = Passwords()
    hashed = passwords.hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.hash(PASSWORD) != hashed
    assert passwords.check(hashed, PASSWORD)
    assert not passwords.check(hashed, PASSWORD + " ")
    assert not passwords.check(None, PASSWORD)
    assert not passwords.check(None, "nobody has this password")


def test_a_broken_hash_lets_nobody_in() -> None:
    for stored in ("", "x", "$argon2id$", "plain"):
        assert not Passwords().check(stored, stored)
    assert issubclass(InvalidHashError, ValueError)


def test_all_passwords_are_hashed_in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its memory stays with the thread that made a hash, 19 MiB each time."""
    threads: set[int] = set()

    def hashed(_: str) -> str:
        threads.add(threading.get_ident())
        return "hash"

    hasher = SimpleNamespace(hash=hashed)
    monkeypatch.setattr("model_lineup.access.passwords._HASHER", hasher)
    passwords = Passwords()
    with ThreadPoolExecutor(4) as requests:
        assert set(requests.map(passwords.hash, ["one", "two", "three", "four"])) == {"hash"}
    assert len(threads - {threading.get_ident()}) == 1
