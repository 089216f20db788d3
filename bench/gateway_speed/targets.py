"""What stands between caller and provider: nothing, nginx, Lineup, LiteLLM Proxy, vllm-router; each with one worker.

Lineup checks a key with limits, resolves among 10 000 models, meters, keeps its ledger and logs at its usual level.
LiteLLM checks its master key and knows one model (10 000 where the case wants so); nginx and the router check nothing.
The peers come from the package index into environments of their own, under a cache folder.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from subprocess import Popen
from typing import NamedTuple

from bench.gateway_speed.cases import KEY
from bench.gateway_speed.load import BODY, PATH, Unavailable, pinned

_START_WITHIN_S = 140.0
_PACKAGES = {"litellm": "litellm[proxy]", "vllm-router": "vllm-router"}


class Running(NamedTuple):
    """`pid`: whose tree's CPU time counts. `start_s`: from the process's start to the first answer."""

    port: int
    key: str
    pid: int
    version: str
    start_s: float


@contextlib.contextmanager
def running(
    name: str, upstream: int, models: int, cores: Sequence[int], cache: Path, folder: Path
) -> Iterator[Running]:
    """The target, ready to be asked. Raises Unavailable."""
    if name == "direct":
        yield Running(upstream, KEY, os.getpid(), "", 0.0)
        return
    folder.mkdir(parents=True, exist_ok=True)
    port, log = _free_port(), folder / f"{name}.log"
    command, key, version, more = _COMMANDS[name](upstream, port, models, cache, folder)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINEUP_")}
    with log.open("wb") as told:
        began = time.monotonic()
        try:
            process = Popen([*pinned(cores), *command], stdout=told, stderr=told, env={**environment, **more})
        except OSError as error:
            raise Unavailable(f"{name} does not start: {error.strerror}") from None
        try:
            _wait(port, key, process, log)
            yield Running(port, key, process.pid, version, time.monotonic() - began)
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def _nginx(
    upstream: int, port: int, models: int, cache: Path, folder: Path
) -> tuple[list[str], str, str, Mapping[str, str]]:
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        raise Unavailable("nginx is not installed (apt install nginx-light)")
    version = subprocess.run([program, "-v"], capture_output=True, text=True).stderr.strip().rpartition("/")[2]
    settings = folder / "nginx.conf"
    settings.write_text(
        f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
user {"root" if os.geteuid() == 0 else "nobody"};
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 100000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream provider {{ server 127.0.0.1:{upstream}; keepalive 2048; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    location / {{ proxy_pass http://provider; }}
  }}
}}
"""
    )
    return [program, "-c", str(settings), "-p", str(folder)], KEY, version, {}


def _lineup(
    upstream: int, port: int, models: int, cache: Path, folder: Path
) -> tuple[list[str], str, str, Mapping[str, str]]:
    from bench.gateway_speed.instance import furnished
    from model_lineup import __version__

    key = furnished(folder / "data", upstream)
    settings = {"LINEUP_DATA_DIR": str(folder / "data"), "LINEUP_PORT": str(port), "LINEUP_DRAIN_DELAY_S": "0"}
    return [sys.executable, "-m", "model_lineup.cli", "serve"], key, __version__, settings


def _litellm(
    upstream: int, port: int, models: int, cache: Path, folder: Path
) -> tuple[list[str], str, str, Mapping[str, str]]:
    home = installed("litellm", cache)
    names = ["vendor/model-77", *(f"vendor/model-{number}" for number in range(models) if number != 77)][:models]
    target = {"api_base": f"http://127.0.0.1:{upstream}/v1", "api_key": "none"}
    settings = {
        "model_list": [{"model_name": one, "litellm_params": {"model": f"openai/{one}", **target}} for one in names],
        "general_settings": {"master_key": KEY},
    }
    file = folder / "litellm.json"  # JSON is YAML
    file.write_text(json.dumps(settings))
    command = [str(home / "bin" / "litellm"), "--config", str(file), "--host", "127.0.0.1", "--port", str(port)]
    quiet = {"LITELLM_TELEMETRY": "False", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    return [*command, "--num_workers", "1"], KEY, version_in(home, "litellm"), quiet


def _vllm_router(
    upstream: int, port: int, models: int, cache: Path, folder: Path
) -> tuple[list[str], str, str, Mapping[str, str]]:
    home = installed("vllm-router", cache)
    command = [str(home / "bin" / "vllm-router"), "--worker-urls", f"http://127.0.0.1:{upstream}"]
    more = ["--host", "127.0.0.1", "--port", str(port), "--policy", "round_robin", "--log-level", "warning"]
    return [*command, *more], KEY, version_in(home, "vllm-router"), {}


_COMMANDS: dict[str, Callable[..., tuple[list[str], str, str, Mapping[str, str]]]] = {
    "nginx": _nginx,
    "lineup": _lineup,
    "litellm": _litellm,
    "vllm-router": _vllm_router,
}


def installed(name: str, cache: Path) -> Path:
    """The peer's environment, made if it is not there. Raises Unavailable."""
    home = cache / name
    if not (home / "bin" / name).exists():
        print(f"Installing {name} into the cache; this takes minutes ...", file=sys.stderr, flush=True)
        for command in (
            [sys.executable, "-m", "venv", str(home)],
            [str(home / "bin" / "pip"), "install", "-q", _PACKAGES[name]],
        ):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise Unavailable(
                    f"{name} cannot be installed: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
                )
    return home


def version_in(home: Path, package: str) -> str:
    ask = f"import importlib.metadata; print(importlib.metadata.version({package!r}))"
    return subprocess.run([str(home / "bin" / "python"), "-c", ask], capture_output=True, text=True).stdout.strip()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(port: int, key: str, process: "Popen[bytes]", log: Path) -> None:
    """Until it answers a chat with 200. Raises Unavailable."""
    until, last = time.monotonic() + _START_WITHIN_S, "nothing was answered"
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    chat = urllib.request.Request(f"http://127.0.0.1:{port}{PATH}", BODY.encode(), headers)
    while time.monotonic() < until:
        if process.poll() is not None:
            said = log.read_text(errors="replace").strip().splitlines()
            raise Unavailable(f"it ended with code {process.returncode}: {said[-1] if said else 'nothing was said'}")
        try:
            with urllib.request.urlopen(chat, timeout=20):
                return
        except OSError as error:
            last = str(error)
        time.sleep(0.05)
    raise Unavailable(f"it did not become ready: {last}")
