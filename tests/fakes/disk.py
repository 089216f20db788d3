"""What SQLite writes to the disk and when it makes sure of it, recorded; and what a power cut may leave of that.

The library's own file system layer goes on doing its work. Three of its functions, for writing, truncating and syncing,
are called by way of ours, which write down what was asked. Files of shared memory are not written in this way, and a
power cut leaves nothing of them.
"""

import contextlib
import ctypes
import importlib
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple

_OK, _POINTER = 0, ctypes.sizeof(ctypes.c_void_p)
_X_OPEN, _X_DELETE = 40, 48
"""Where these stand in `sqlite3_vfs` (https://sqlite.org/c3ref/vfs.html), of 64 bits."""
_METHODS_SIZE, _X_WRITE, _X_TRUNCATE, _X_SYNC = 152, 24, 32, 40
"""And in `sqlite3_io_methods` (https://sqlite.org/c3ref/io_methods.html)."""
_Open = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_int)
)
_Delete = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
_Write = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_Truncate = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
_Sync = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


class Happened(NamedTuple):
    """`at`: an offset, a size, or what a mark says. `acknowledged` is a mark, and nothing that the disk hears of."""

    what: Literal["write", "truncate", "sync", "delete", "acknowledged"]
    file: str
    at: int
    content: bytes = b""


def library_of(module: ModuleType) -> ctypes.CDLL | None:
    """The SQLite behind a driver, if it lets itself be found and this is a machine of 64 bits."""
    package = module.__name__.partition(".")[0]
    compiled = importlib.import_module("_sqlite3" if package == "sqlite3" else f"{package}._sqlite3")
    file = getattr(compiled, "__file__", None)
    library = None if file is None else ctypes.CDLL(file)
    return library if _POINTER == 8 and hasattr(library, "sqlite3_vfs_find") else None


@contextlib.contextmanager
def recorded(library: ctypes.CDLL) -> Iterator[list[Happened]]:
    """Everything that this process opens from here on. For a process of its own: nothing is put back."""
    library.sqlite3_vfs_find.restype = ctypes.c_void_p
    recorder = _Recorder(int(library.sqlite3_vfs_find(None)))
    yield recorder.happened


class _Recorder:
    def __init__(self, vfs: int) -> None:
        self.happened: list[Happened] = []
        self._kept: list[Any] = []  # what C holds pointers to
        self._files: dict[int, tuple[str, Any, Any, Any]] = {}
        self._open = _Open(_at(vfs, _X_OPEN))
        self._delete = _Delete(_at(vfs, _X_DELETE))
        self._methods: dict[int, ctypes.Array[ctypes.c_char]] = {}
        self._ours = (_Write(self._on_write), _Truncate(self._on_truncate), _Sync(self._on_sync))
        opening, deleting = _Open(self._on_open), _Delete(self._on_delete)
        self._kept += [opening, deleting]
        _put(vfs, _X_OPEN, opening)
        _put(vfs, _X_DELETE, deleting)

    def _on_open(self, vfs: int, name: int | None, file: int, flags: int, out: Any) -> int:
        code = self._open(vfs, name, file, flags, out)
        methods = _at(file, 0)
        if code == _OK and methods and name:
            path = ctypes.string_at(name).decode()
            write, truncate, sync = (_at(methods, place) for place in (_X_WRITE, _X_TRUNCATE, _X_SYNC))
            self._files[file] = (Path(path).name, _Write(write), _Truncate(truncate), _Sync(sync))
            ctypes.c_void_p.from_address(file).value = ctypes.addressof(self._methods_beside(methods))
        return int(code)

    def _methods_beside(self, theirs: int) -> "ctypes.Array[ctypes.c_char]":
        if theirs not in self._methods:
            made = ctypes.create_string_buffer(ctypes.string_at(theirs, _METHODS_SIZE), _METHODS_SIZE)
            for ours, place in zip(self._ours, (_X_WRITE, _X_TRUNCATE, _X_SYNC), strict=True):
                _put(ctypes.addressof(made), place, ours)
            self._methods[theirs] = made
        return self._methods[theirs]

    def _on_write(self, file: int, content: int, length: int, offset: int) -> int:
        name, write, _, _ = self._files[file]
        self.happened.append(Happened("write", name, offset, ctypes.string_at(content, length)))
        return int(write(file, content, length, offset))

    def _on_truncate(self, file: int, size: int) -> int:
        name, _, truncate, _ = self._files[file]
        self.happened.append(Happened("truncate", name, size))
        return int(truncate(file, size))

    def _on_sync(self, file: int, flags: int) -> int:
        name, _, _, sync = self._files[file]
        code = int(sync(file, flags))
        self.happened.append(Happened("sync", name, 0))
        return code

    def _on_delete(self, vfs: int, name: bytes, sync_folder: int) -> int:
        self.happened.append(Happened("delete", Path(name.decode()).name, 0))
        return int(self._delete(vfs, name, sync_folder))


def _at(address: int, place: int) -> int:
    return ctypes.c_void_p.from_address(address + place).value or 0


def _put(address: int, place: int, function: Any) -> None:
    ctypes.c_void_p.from_address(address + place).value = ctypes.cast(function, ctypes.c_void_p).value


class Disk:
    """Files as they were, and what happens to them; `cut` says what a power cut leaves.

    What was synced is there. Of what was written since, each write is there whole, in part, or not at all, whichever
    order they came in; a file that was never synced may not be there.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self._safe = {name: bytearray(content) for name, content in files.items()}
        self._waiting: dict[str, list[Happened]] = defaultdict(list)

    def hear(self, event: Happened) -> None:
        if event.what == "sync":
            content = self._safe.setdefault(event.file, bytearray())
            for waiting in self._waiting.pop(event.file, []):
                _apply(content, waiting)
        elif event.what != "acknowledged":
            self._waiting[event.file].append(event)

    def cut(self, draw: random.Random) -> dict[str, bytes]:
        left = {name: bytearray(content) for name, content in self._safe.items()}
        for name, waiting in self._waiting.items():
            if name not in left and draw.random() < 0.5:
                continue
            content = left.setdefault(name, bytearray())
            share = draw.choice((0.0, 0.5, 1.0))
            for event in waiting:
                if draw.random() < share:
                    _apply(content, _some_of(event, draw))
        return {name: bytes(content) for name, content in left.items()}


def _some_of(event: Happened, draw: random.Random) -> Happened:
    """All of a write, or its beginning, up to where the power went."""
    if event.what != "write" or draw.random() < 0.7:
        return event
    return event._replace(content=event.content[: draw.randrange(len(event.content) + 1)])


def _apply(content: bytearray, event: Happened) -> None:
    if event.what == "write":
        if len(content) < event.at:
            content.extend(bytes(event.at - len(content)))
        content[event.at : event.at + len(event.content)] = event.content
    elif event.what == "truncate":
        del content[event.at :]
    else:
        content.clear()
