"""Dockerfile, compose file and proxy as the programs read them that are made for them. No Docker engine ran them."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.tools import DEPLOY, done, from_apt, from_lock
from tests.fakes.server import ROOT

COMPOSE = DEPLOY / "compose"

pytestmark = pytest.mark.hard


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
    nginx = from_apt("nginx")
    tls = tmp_path / "tls"
    tls.mkdir()
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=lineup.example.com"
    done("openssl", *make.split(), "-keyout", tls / "privkey.pem", "-out", tls / "fullchain.pem")
    said = re.sub(r"lineup-[12]:8484", "127.0.0.1:8484", (COMPOSE / "nginx.conf").read_text())
    told = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=False).stderr
    major, minor = map(int, re.findall(r"nginx/(\d+)\.(\d+)", told)[0])
    if (major, minor) < (1, 25):  # where `http2 on` does not exist yet
        said = said.replace("http2 on;", "")
    (tmp_path / "nginx.conf").write_text(said)
    done(nginx, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf")
