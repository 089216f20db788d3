"""Which key ring a restored instance has: the one that is there, the one in the backup, or another one."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from model_lineup.database.instance import CANARY, CANARY_BOUND_TO
from model_lineup.errors import KeyUndecryptable, OperationRefused
from model_lineup.operations import store
from model_lineup.operations.archive import KEY_RING, Manifest
from model_lineup.vault import KeyRing, Vault, load_ring, new_ring, store_ring


@dataclass(frozen=True, slots=True)
class Choice:
    """`made`: has to be written, for there is none. `canary`: sealed with a ring that is not the backup's own."""

    ring: KeyRing
    made: bool = False
    canary: str | None = None


def choose(connection: Connection, manifest: Manifest, folder: Path, path: Path, *, without_keys: bool) -> Choice:
    """`folder` holds the unpacked backup, `path` is where this instance keeps its ring.

    A ring that is there is never replaced: something else may be sealed with it. Raises OperationRefused, StartRefused.
    """
    present, packed = load_ring(path), load_ring(folder / KEY_RING)
    canary = store.canary(connection)
    if present is not None and _opens(present, canary):
        return Choice(present)
    if packed is not None and present is None and _opens(packed, canary):
        return Choice(packed, made=True)
    if not without_keys:
        raise _no_ring(manifest, path, is_there=present is not None, is_packed=packed is not None)
    ring = present or new_ring()
    sealed = None if canary is None else Vault(ring).seal(CANARY, CANARY_BOUND_TO)
    return Choice(ring, made=present is None, canary=sealed)


def put_in_place(choice: Choice, path: Path) -> None:
    """Before the databases: a ring without them does no harm, they without it do not start."""
    if choice.made:
        store_ring(choice.ring, path)


def _opens(ring: KeyRing, canary: str | None) -> bool:
    """Of an instance that never started any ring is the right one."""
    if canary is None:
        return True
    try:
        Vault(ring).open(canary, CANARY_BOUND_TO)
    except KeyUndecryptable:
        return False
    return True


def _no_ring(manifest: Manifest, path: Path, *, is_there: bool, is_packed: bool) -> OperationRefused:
    wanted = f"the key ring of this backup (with the key {', '.join(manifest.keys)})"
    if is_there and is_packed:
        what = f"The key ring {path} is another one than that in the backup. Move it away to use that one"
    elif is_there:
        what = f"The key ring {path} does not open this backup. Put {wanted} in its place"
    else:
        what = f"There is no key ring {path}, and none in the backup. Put {wanted} there"
    return OperationRefused(
        f"{what}; or pass --without-keys: every provider key has then to be entered again, and every API key made anew."
    )
