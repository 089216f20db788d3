"""What answers in the demo: the real local model, or a paced echo where the model's packages are not installed."""

import contextlib
import secrets
import subprocess  # nosec B404
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model_lineup.clock import tick
from model_lineup.demo import model_server
from model_lineup.demo.model_server import LocalModel, ModelServerFailed
from model_lineup.errors import StartRefused

PACE = ("--ttft-ms", "60", "--gap-ms", "8")


@dataclass(frozen=True, slots=True)
class Upstream:
    """`what` is for people; `took_s` it took to start."""

    name: str
    what: str
    base_url: str
    api_key: str | None
    model_id: str
    took_s: float
    apology: str = ""


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Upstream]:
    """It ends with the block, and with this process, however that ends. Raises StartRefused."""
    if model_server.is_available():
        with _local_model(folder) as upstream:
            yield upstream
    else:
        with _paced_echo() as upstream:
            yield upstream


@contextlib.contextmanager
def _local_model(folder: Path) -> Iterator[Upstream]:
    log = folder / "model.log"
    log.unlink(missing_ok=True)
    model, began = LocalModel(log, api_key=secrets.token_urlsafe(24)), tick()
    try:
        model.start()
    except ModelServerFailed as error:
        raise StartRefused(str(error)) from None
    try:
        what = f"{model.model_id} in llama.cpp's own server, {model.size_bytes / 1e6:.0f} MB of weights"
        took_s = tick() - began
        yield Upstream("Local model", what, model.base_url, model.api_key, model.model_id, took_s)
    finally:
        model.stop()


@contextlib.contextmanager
def _paced_echo() -> Iterator[Upstream]:
    began = tick()
    command = [sys.executable, "-m", "model_lineup.demo.paced", "--until-stdin-closes", *PACE]
    with subprocess.Popen(  # noqa: S603  # nosec B603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise StartRefused("The paced echo did not start.")
        try:
            address = f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
            what = "paced-echo, which repeats the prompt at a steady pace, 0 MB of weights"
            apology = f"No real model here: an echo stands in. {model_server.why_not_available()}"
            yield Upstream("Paced echo", what, address, None, "paced-echo", tick() - began, apology)
        finally:
            process.stdin.close()
            process.wait()
