"""The systemd unit, as systemd itself reads it; it is not started, for that wants a machine that systemd runs."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.deploy.tools import DEPLOY, done

UNIT = DEPLOY / "systemd" / "lineup.service"

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "lineup.service"
    unit.write_text(UNIT.read_text().replace("/usr/local/lib/lineup/bin/lineup", sys.executable))
    done("systemd-analyze", "verify", "--recursive-errors=no", unit)


def test_the_unit_is_not_exposed() -> None:
    said = done("systemd-analyze", "security", "--offline=true", "--no-pager", UNIT)
    [exposure] = re.findall(r"Overall exposure level for lineup.service: ([\d.]+)", said)
    assert float(exposure) < 2
