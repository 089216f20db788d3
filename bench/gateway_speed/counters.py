"""What the kernel knows of a process and all that it started: CPU time and memory. Linux only."""

import os
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6


def tree(pid: int) -> list[int]:
    """The process and its descendants."""
    parents = {int(path.name): _fields(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
    found, added = {pid}, True
    while added:
        children = {one for one, fields in parents.items() if fields and int(fields[1]) in found} - found
        found, added = found | children, bool(children)
    return sorted(found)


def cpu_s(pid: int) -> float:
    """utime + stime of the whole tree so far."""
    return sum((int(fields[11]) + int(fields[12])) * _TICK_S for one in tree(pid) if (fields := _fields_of(one)))


def memory_mb(pid: int) -> float:
    """Resident; what processes share is counted for each."""
    return sum(int(fields[21]) * _PAGE_MB for one in tree(pid) if (fields := _fields_of(one)))


def _fields_of(pid: int) -> list[str]:
    return _fields(Path("/proc") / str(pid))


def _fields(folder: Path) -> list[str]:
    """Those of `stat` from the state on, which is the third; empty when the process is gone."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
