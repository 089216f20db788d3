"""What Dockerfile and deploy/ say fits what Lineup does: its settings, its exit codes, its limits, its version."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_lineup import __version__
from model_lineup.settings import Settings
from tests.deploy.tools import CHART, DEPLOY
from tests.fakes.server import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
FILES = [ROOT / "Dockerfile", *sorted(file for file in DEPLOY.rglob("*") if file.is_file())]


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
    return read


def longest_end_s() -> float:
    """From SIGTERM to the last process, as the settings have it by default, and the three seconds for what hangs."""
    fields = Settings.model_fields
    return float(sum(fields[name].default for name in ("drain_delay_s", "drain_s")) + 3)


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_every_setting_that_is_named_exists(file: Path) -> None:
    named = {name.lower() for name in re.findall(r"LINEUP_([A-Z0-9_]*[A-Z0-9])\b(?!_)", file.read_text())}
    assert named <= set(Settings.model_fields), f"{file}: {named - set(Settings.model_fields)}"


def test_the_chart_has_the_version_of_the_package() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == __version__


def test_an_end_has_the_time_that_it_promises() -> None:
    wanted = longest_end_s()
    services = compose()["services"]
    assert all(int(services[name]["stop_grace_period"].removesuffix("s")) > wanted for name in ("lineup-1", "lineup-2"))
    [unit] = re.findall(r"^TimeoutStopSec=(\d+)$", (DEPLOY / "systemd" / "lineup.service").read_text(), re.MULTILINE)
    assert int(unit) > wanted
    pod = (CHART / "templates" / "_helpers.tpl").read_text()
    [delay] = re.findall(r'LINEUP_DRAIN_DELAY_S, value: "(\d+)"', pod)
    [grace] = re.findall(r"terminationGracePeriodSeconds: (\d+)", pod)
    assert int(grace) > wanted - Settings.model_fields["drain_delay_s"].default + int(delay)


def test_the_proxy_waits_longer_than_lineup_does() -> None:
    fields = Settings.model_fields
    said = (DEPLOY / "compose" / "nginx.conf").read_text()
    [waits] = re.findall(r"proxy_read_timeout (\d+)s;", said)
    assert int(waits) > max(fields[f"upstream_{name}"].default for name in ("first_byte_s", "idle_s", "plain_total_s"))
    [body] = re.findall(r"client_max_body_size (\d+)m;", said)
    assert int(body) >= max(fields[f"{name}_body_mib"].default for name in ("admin", "import", "v1"))


def test_the_image_is_built_from_locks_alone() -> None:
    for install in re.findall(r"install (?=.*--requirement|.*--no-index)[^&]*", DOCKERFILE.replace("\\\n", " ")):
        assert "--require-hashes" in install or "--no-index" in install, install
    for lock in re.findall(r"--requirement (\S+)", DOCKERFILE):
        assert "--hash=sha256:" in (ROOT / lock).read_text()
    assert "USER 65532:65532" in DOCKERFILE


def test_the_builder_gets_what_is_built_and_nothing_else() -> None:
    ignored, *rest = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")
    ]
    assert ignored == "*"
    given = [line.removeprefix("!") for line in rest if line.startswith("!")]
    assert all((ROOT / name).exists() for name in given)
    built_from = json.loads((ROOT / "package.json").read_text())  # npm asks for it
    assert built_from
    assert {"pyproject.toml", "README.md", "LICENSE", "src", "tools", "requirements", "package-lock.json"} <= {*given}


def test_no_container_may_more_than_it_must() -> None:
    for name in ("lineup-1", "lineup-2"):
        service = compose()["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "ports" not in service
