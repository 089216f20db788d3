"""Puts restored databases in the place of old ones: all of it or nothing of it, whenever the process is killed.

Two files cannot be renamed at once. So the new ones stand ready, on the disk, in a folder beside the old; then one
file, the plan, says that they are to take their place. Before the plan is there nothing has happened; once it is,
whoever opens the data folder next carries it out to its end. Whoever works here has the folder alone.
"""

import shutil
from pathlib import Path

import msgspec

from model_lineup import durable
from model_lineup.database import holding
from model_lineup.errors import StartRefused
from model_lineup.operations.archive import DATABASES

PLAN = "restore.json"
NEW = ".lineup-restore-"
"""How the folder with the new files is called, before some random characters."""
REPLACED = [*(f"{name}{end}" for name in DATABASES for end in ("", "-wal", "-shm", "-journal")), "setup-link"]


class Plan(msgspec.Struct, frozen=True):
    """Names in the data folder: where the new files wait, and where the old ones go."""

    new: str
    old: str


def replace(data_dir: Path, plan: Plan) -> None:
    """Write the plan down and carry it out. Killed before: nothing happened; after: it goes on at the next start."""
    for name in DATABASES:
        durable.sync_file(data_dir / plan.new / name)
    durable.sync_folder(data_dir / plan.new)
    with durable.written(data_dir / PLAN, replace=False) as file:
        file.write(msgspec.json.encode(plan))
    carry_out(data_dir)


def is_planned(data_dir: Path) -> bool:
    return (data_dir / PLAN).exists()


def finish_interrupted(data_dir: Path) -> None:
    """End what a killed restore began. Raises StartRefused where one is still at work."""
    if is_planned(data_dir):
        with holding.alone(data_dir):
            carry_out(data_dir)


def clear_away(data_dir: Path) -> None:
    """What killed restores left behind before they had a plan."""
    for folder in data_dir.glob(f"{NEW}*"):
        shutil.rmtree(folder, ignore_errors=True)


def carry_out(data_dir: Path) -> None:
    """End what has a plan; each step may have been done before. The caller has the folder alone."""
    path = data_dir / PLAN
    if not path.exists():
        return  # somebody else was quicker
    plan = _read(path)
    new, old = data_dir / plan.new, data_dir / plan.old
    if all((new / name).exists() for name in DATABASES):  # else the old ones are out of the way already
        old.mkdir(mode=0o700, exist_ok=True)
        for name in REPLACED:
            if (data_dir / name).exists():
                (data_dir / name).replace(old / name)
        durable.sync_folder(old)
    for name in DATABASES:
        if (new / name).exists():
            (new / name).replace(data_dir / name)
    durable.sync_folder(data_dir)
    path.unlink()
    durable.sync_folder(data_dir)
    shutil.rmtree(new, ignore_errors=True)
    if old.is_dir() and not any(old.iterdir()):
        old.rmdir()


def _read(path: Path) -> Plan:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except (OSError, msgspec.MsgspecError) as error:
        raise StartRefused(
            f"{path} tells of a restore that did not end, and cannot be read ({error}). Restore into a new folder."
        ) from None
