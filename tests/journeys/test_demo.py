"""`lineup demo` from an empty folder: first with the stand-in, then again over the same data with the real model."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from model_lineup.demo.model_server import is_available, why_not_available

WITHOUT_MODEL = """
from model_lineup.demo import model_server
model_server.is_available = lambda: False
model_server.why_not_available = lambda: "Its packages are not installed."
from model_lineup.cli import main
main()
"""
PHASES = [
    *("model", "server", "sign-in", "provider", "fetch", "visible", "alias", "test"),
    *("call", "hide", "unhide", "benchmark"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's data, which the second demo finds as the first left them."""
    return tmp_path_factory.mktemp("demo") / "data"


def _start(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """What `make demo` starts: no terminal, one pipe."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINEUP_")}
    command = [sys.executable, *words, "--data-dir", str(folder), "--port", "0"]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )


def _phases(said: str) -> dict[str, tuple[str, float]]:
    """Phase → what it says and the seconds it took."""
    found = re.findall(r"^([a-z-]+) +(\S.*?) +([\d.]+) s$", said, re.MULTILINE)
    return {name: (what, float(took)) for name, what, took in found if name in PHASES}


def _json(url: str, body: Any = None, token: str = "") -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=60) as answer:
        return json.load(answer)


def test_where_no_model_can_be_had_an_echo_stands_in_and_it_says_so(folder: Path) -> None:
    with _start(folder, "-c", WITHOUT_MODEL, "demo", "--once") as process:
        said, _ = process.communicate(timeout=90)
    assert process.returncode == 0, said
    assert "No real model here: an echo stands in. Its packages are not installed." in said
    assert list(_phases(said)) == PHASES
    assert "10 of 10 succeeded" in said
    assert (folder / "demo-password").stat().st_mode & 0o777 == 0o600


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    if not is_available():
        pytest.skip(why_not_available())
    with _start(folder, "-m", "model_lineup.cli", "demo") as process:
        yield process
        process.kill()


def test_a_real_model_is_shown_named_tested_and_measured_and_served_until_sigterm(
    demo: "subprocess.Popen[str]", folder: Path
) -> None:
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if line.rstrip().endswith("changes list"):
            break
    phases = _phases(said)
    assert list(phases) == PHASES, said
    assert re.search(r"smollm2-135m in llama.cpp's own server, \d+ MB", phases["model"][0])
    assert phases["fetch"][0] == "1 model listed, 1 new and hidden"
    assert "'tiny' is answered by 'smollm2-135m' at local-model." in said
    assert re.search(r"tiny through /v1, with a new key: “.+”", phases["call"][0])
    assert phases["hide"][0] == "smollm2-135m; the next call is told 404 model_not_found"
    assert re.search(r"answered again: “.+”", phases["unhide"][0])
    assert "10 of 10 succeeded" in said
    assert "\x1b" not in said
    _check_it_serves(said)
    _check_it_ends_alone(demo)


def _check_it_serves(said: str) -> None:
    found = re.search(r"keeps serving at (http://\S+) until", said)
    password = re.search(r"^password +(\S+)", said, re.MULTILINE)
    assert found is not None
    assert password is not None
    login = {"email": "admin@example.com", "password": password[1]}
    token = _json(f"{found[1]}/api/auth/login", login)["access_token"]
    key = re.search(r"Bearer (lineup_usr_\w+)'", said)
    assert key is not None
    ask = {"model": "tiny", "max_tokens": 2, "messages": [{"role": "user", "content": "Hi"}]}
    assert _json(f"{found[1]}/v1/chat/completions", ask, token=key[1])["model"] == "tiny"
    models = _json(f"{found[1]}/api/admin/models?q=tiny", token=token)["models"]
    assert [(model["model_id"], model["status"], model["visible"]) for model in models] == [
        ("smollm2-135m", "ok", True)
    ]


def _check_it_ends_alone(demo: "subprocess.Popen[str]") -> None:
    children = psutil.Process(demo.pid).children(recursive=True)
    assert children
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(20) == 0
    assert demo.stdout is not None
    assert demo.stdout.read() == ""
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []
