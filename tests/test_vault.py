"""The vault: what it seals opens here and nowhere else, and its key ring is looked after."""

import base64
import itertools
import os
import stat
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from model_lineup.app import open_instance
from model_lineup.database.tables import instance
from model_lineup.errors import KeyUndecryptable, StartRefused
from model_lineup.settings import Settings
from model_lineup.vault import NONCE_BYTES, KeyRing, Vault, load_ring, new_ring, store_ring
from tests.fakes.clock import ManualClock
from tests.fakes.instances import Kind, Templates

SECRET = "sk-canary-9f8e7d6c5b4a"
HERE = "provider 1|api_key|https://api.example.com:443"


@pytest.fixture(scope="module")
def vault() -> Vault:
    return Vault(new_ring())


def parts(sealed: str) -> tuple[str, str, bytes, bytes]:
    version, kid, wrapped, ciphertext = sealed.split(".")
    return version, kid, base64.urlsafe_b64decode(wrapped), base64.urlsafe_b64decode(ciphertext)


def joined(version: str, kid: str, wrapped: bytes, ciphertext: bytes) -> str:
    return ".".join((version, kid, *(base64.urlsafe_b64encode(part).decode() for part in (wrapped, ciphertext))))


@pytest.mark.parametrize("secret", ["", SECRET, "ключ 鍵 🔑", "x" * 4096])
def test_a_secret_opens_where_it_was_sealed(vault: Vault, secret: str) -> None:
    sealed = vault.seal(secret, HERE)
    assert vault.open(sealed, HERE) == secret
    assert sealed.isascii()
    assert not secret or secret not in sealed


@pytest.mark.parametrize(
    "elsewhere",
    [
        "provider 2|api_key|https://api.example.com:443",
        "provider 1|password|https://api.example.com:443",
        "provider 1|api_key|https://evil.example.com:443",
        "provider 1|api_key|http://api.example.com:443",
        "provider 1|api_key|https://api.example.com:8443",
        "provider 1|api_key|",
        "",
    ],
)
def test_a_ciphertext_that_was_moved_does_not_open(vault: Vault, elsewhere: str) -> None:
    with pytest.raises(KeyUndecryptable):
        vault.open(vault.seal(SECRET, HERE), elsewhere)


def test_another_ring_does_not_open_it_even_under_the_same_key_id(vault: Vault) -> None:
    sealed = vault.seal(SECRET, HERE)
    _, kid, _, _ = parts(sealed)
    other = new_ring()
    renamed = KeyRing(primary=kid, keys={kid: other.keys[other.primary]}, pepper=other.pepper)
    for stranger in (Vault(other), Vault(renamed)):
        with pytest.raises(KeyUndecryptable, match="ring it was sealed with") as refused:
            stranger.open(sealed, HERE)
        assert SECRET not in refused.value.detail


def test_every_single_byte_counts(vault: Vault) -> None:
    version, kid, wrapped, ciphertext = parts(vault.seal(SECRET, HERE))
    assert (len(wrapped), len(ciphertext)) == (NONCE_BYTES + 32 + 16, NONCE_BYTES + len(SECRET) + 16)
    for position in range(len(wrapped)):
        with pytest.raises(KeyUndecryptable):
            vault.open(joined(version, kid, flipped(wrapped, position), ciphertext), HERE)
    for position in range(len(ciphertext)):
        with pytest.raises(KeyUndecryptable):
            vault.open(joined(version, kid, wrapped, flipped(ciphertext, position)), HERE)


def flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


def test_what_is_cut_swapped_or_no_ciphertext_at_all_does_not_open(vault: Vault) -> None:
    sealed = vault.seal(SECRET, HERE)
    version, kid, wrapped, ciphertext = parts(sealed)
    _, _, other_wrapped, other_ciphertext = parts(vault.seal(SECRET, HERE))
    broken = [
        joined("v2", kid, wrapped, ciphertext),
        joined(version, "00000000", wrapped, ciphertext),
        joined(version, kid, ciphertext, wrapped),
        joined(version, kid, other_wrapped, ciphertext),
        joined(version, kid, wrapped, other_ciphertext),
        *(joined(version, kid, wrapped[:size], ciphertext) for size in (0, 5, 12, 28, 59)),
        *(joined(version, kid, wrapped, ciphertext[:size]) for size in (0, 5, 12, 28)),
        *("", "v1", "...", sealed + ".", sealed[:-1] + "é", SECRET),
    ]
    for text in broken:
        with pytest.raises(KeyUndecryptable):
            vault.open(text, HERE)


def test_no_two_of_ten_thousand_nonces_or_ciphertexts_are_alike(vault: Vault) -> None:
    sealed = [parts(vault.seal(SECRET, HERE)) for _ in range(10_000)]
    nonces = {part[:NONCE_BYTES] for _, _, wrapped, ciphertext in sealed for part in (wrapped, ciphertext)}
    assert len(nonces) == 20_000
    assert len({ciphertext[NONCE_BYTES:] for _, _, _, ciphertext in sealed}) == 10_000


def test_an_older_key_of_the_ring_still_opens(vault: Vault) -> None:
    old, new = new_ring(), new_ring()
    sealed = Vault(old).seal(SECRET, HERE)
    both = Vault(KeyRing(primary=new.primary, keys={**old.keys, **new.keys}, pepper=old.pepper))
    assert both.open(sealed, HERE) == SECRET
    assert parts(both.seal(SECRET, HERE))[1] == new.primary


def test_hashes_and_derived_secrets_depend_on_the_ring_and_on_every_part(vault: Vault) -> None:
    other = Vault(new_ring())
    assert vault.token_hash("a") == vault.token_hash("a")
    assert len({vault.token_hash("a"), vault.token_hash("b"), other.token_hash("a")}) == 3
    derived = [vault.derive("access", "f", 1), vault.derive("refresh", "f", 1), vault.derive("access", "g", 1)]
    assert len({*derived, vault.derive("access", "f", 2), other.derive("access", "f", 1)}) == 5
    assert all(len(one) == 32 for one in derived)


def test_a_vault_shows_nothing_of_its_ring() -> None:
    ring = new_ring()
    shown = repr(Vault(ring)) + str(Vault(ring))
    assert not [key for key in (*ring.keys.values(), ring.pepper) if key in shown]


def test_a_ring_is_written_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    path, ring = tmp_path / "new" / "keyring.json", new_ring()
    store_ring(ring, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_ring(path) == ring
    assert load_ring(tmp_path / "none.json") is None
    assert [file.name for file in path.parent.iterdir()] == ["keyring.json"]


def test_a_ring_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    path, ring = tmp_path / "keyring.json", new_ring()
    store_ring(ring, path)
    with pytest.raises(FileExistsError):
        store_ring(new_ring(), path)
    assert load_ring(path) == ring
    assert [file.name for file in tmp_path.iterdir()] == ["keyring.json"]


def test_a_ring_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "keyring.json", []

    def full_disk(handle: int) -> None:
        seen.append(path.exists())
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        store_ring(new_ring(), path)
    assert seen == [False], "another process could read half a ring"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644, 0o601, 0o620])
def test_a_ring_that_others_reach_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keyring.json"
    store_ring(new_ring(), path)
    path.chmod(mode)
    with pytest.raises(StartRefused, match="chmod 600"):
        load_ring(path)


def changed(**fields: object) -> bytes:
    return msgspec.json.encode({**msgspec.to_builtins(new_ring()), **fields})


def of(size: int) -> str:
    return base64.urlsafe_b64encode(os.urandom(size)).decode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b'{"primary": "a"}',
        changed(pepper=""),
        changed(pepper=of(31)),
        changed(pepper=of(33)),
        changed(pepper="changeme"),
        changed(pepper="no base64 é"),
        changed(primary="other"),
        changed(keys={}),
        changed(primary="a", keys={"a": ""}),
        changed(primary="a", keys={"a": of(16)}),
        changed(primary="a", keys={"a": of(32), "b": of(24)}),
        changed(primary="a", keys={"a": 7}),
        changed(primary="a", keys={"a": base64.urlsafe_b64encode(bytes(32)).decode()}),
        changed(pepper=base64.urlsafe_b64encode(bytes(32)).decode()),
    ],
    ids=(f"ring-{number}" for number in itertools.count(1)),  # the bytes are others in each process
)
def test_a_ring_with_short_empty_or_missing_keys_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keyring.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StartRefused, match="from your backup") as refused:
        load_ring(path)
    assert str(path) in refused.value.detail


def test_a_folder_is_no_ring(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    path.mkdir(mode=0o700)
    with pytest.raises(StartRefused, match="cannot be read"):
        load_ring(path)


def test_no_new_ring_is_made_over_a_database_with_secrets(
    templates: Templates, kind: Kind, tmp_path: Path, clock: ManualClock
) -> None:
    with templates.settings(kind, tmp_path / "instance") as settings:
        ring = settings.data_dir / "keyring.json"
        kept = ring.read_bytes()
        ring.unlink()
        with pytest.raises(StartRefused, match="LINEUP_KEYRING_FILE"):
            start(settings, clock)
        assert not ring.exists()
        store_ring(new_ring(), ring)
        with pytest.raises(StartRefused, match="does not open"):
            start(settings, clock)
        ring.write_bytes(kept)
        start(settings, clock)


def test_the_first_start_makes_a_ring_where_it_is_told_to(tmp_path: Path, clock: ManualClock) -> None:
    ring = tmp_path / "safe" / "ring.json"
    settings = Settings.model_validate({"data_dir": tmp_path / "data", "keyring_file": ring})
    start(settings, clock)
    kept = load_ring(ring)
    assert kept is not None
    start(settings, clock)
    assert load_ring(ring) == kept
    assert not (tmp_path / "data" / "keyring.json").exists()


def start(settings: Settings, clock: ManualClock) -> None:
    with open_instance(settings, clock=clock) as rooms, rooms.database.read() as connection:
        assert connection.execute(select(instance.c.canary)).scalar_one() is not None


def test_a_ring_is_stored_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", no_links)
    path, ring = tmp_path / "ring.json", new_ring()
    store_ring(ring, path)
    with pytest.raises(FileExistsError):
        store_ring(new_ring(), path)
    assert load_ring(path) == ring
    assert path.stat().st_mode & 0o777 == 0o600
