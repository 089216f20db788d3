"""Which file system a folder is on. Known on Linux alone, from the kernel's own list of mounts."""

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "lustre", "glusterfs", "gfs2", "ocfs2", "beegfs"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.cephfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.davfs", "davfs"}
)
_ESCAPED = re.compile(r"\\([0-7]{3})")


def network_file_system(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """Its kind when the folder is on one, else None; None too where the system does not tell."""
    kind = file_system(folder, mounts)
    return kind if kind in NETWORK else None


def file_system(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """Of the mount that is nearest above it; of two at the same place the later covers the earlier."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
        wanted = folder.resolve()
    except OSError:
        return None
    found, depth = None, -1
    for line in lines:
        before, _, after = line.partition(" - ")
        place = Path(_ESCAPED.sub(lambda match: chr(int(match[1], 8)), before.split()[4]))
        if wanted.is_relative_to(place) and len(place.parts) >= depth:
            found, depth = after.split()[0], len(place.parts)
    return found
