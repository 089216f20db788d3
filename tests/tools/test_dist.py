"""A release carries what the panel's pages load, so that installing it needs no npm."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from tools.browser import BUILT, ICONS, LOCK, ROOT


def test_wheel_and_source_archive_carry_the_built_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    built = {str(file.relative_to(ROOT / "src")) for file in BUILT.iterdir()}
    assert "model_lineup/panel/built/LICENSES.txt" in built

    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        assert built <= set(wheel.namelist())
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"src/{name}" for name in built} <= names
    assert {str(file.relative_to(ROOT)) for file in (LOCK, ICONS)} <= names
    assert not any("node_modules" in name for name in names)
