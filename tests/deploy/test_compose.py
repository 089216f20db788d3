"""Dockerfile, compose file and proxy as the programs read them that are made for them. No Docker engine ran them."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.proxy import nginx
from tests.deploy.tools import DEPLOY, done, from_lock
from tests.fakes.counts import HARD
from tests.fakes.server import ROOT

COMPOSE = DEPLOY / "compose"

pytestmark = [pytest.mark.hard, pytest.mark.skipif(not HARD, reason="three programs are installed for it")]


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    assert done(from_lock("hadolint"), ROOT / "Dockerfile") == ""


def test_the_compose_file_is_read(tmp_path: Path) -> None:
    """By podman-compose, which asks podman for its version before it reads anything, and for nothing else here."""
    podman = tmp_path / "podman"
    podman.write_text("#!/bin/sh\necho 'podman version 5.0.0'\n")
    podman.chmod(0o755)
    command = [str(from_lock("podman-compose")), "--file", str(COMPOSE / "compose.yaml"), "config"]
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    refused = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert "enter one in .env" in refused.stderr
    given = {**environment, "POSTGRES_PASSWORD": "abc", "LINEUP_PUBLIC_URL": "https://lineup.example.com"}
    read = yaml.safe_load(done(*command, env=given))
    assert set(read["services"]) == {"lineup-1", "lineup-2", "postgres", "proxy"}
    assert read["services"]["lineup-2"]["environment"]["LINEUP_DATABASE_URL"].startswith("postgresql://lineup:abc@")


def test_nginx_takes_its_settings(tmp_path: Path) -> None:
    proxy = nginx(tmp_path, "127.0.0.1:8484", "127.0.0.1:8485")
    done(*proxy, "-t")
