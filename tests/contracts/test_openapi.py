"""schemathesis over the OpenAPI document, as an administrator, against a real server: every answer is as documented.

All of its checks; `schemathesis.toml` says what else counts as right, and why. `make hard` runs all phases over
everything with at least 100 examples per operation and a new seed each time. Everyday runs use a fixed seed and few
examples, leave out starting benchmarks, each of which takes a process, and go through the edges of every field for
models alone.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.counts import HARD, count
from tests.fakes.paced import paced
from tests.fakes.server import Server, Workbench, running_server

BENCHMARK = "/api/admin/models/by-id/benchmark"
EVERYDAY = """
[[operations]]
exclude-path-regex = "/api/admin/models.*"
phases.coverage.enabled = false
"""
HERE = Path(__file__).parent


@pytest.fixture
def furnished(tmp_path: Path) -> Iterator[tuple[Server, Workbench]]:
    """A server with a provider that answers, models, an alias, people and keys."""
    with paced("--ttft-ms", "1", "--gap-ms", "0", "--tokens", "2") as provider, running_server(tmp_path) as server:
        workbench = Workbench(server.admin())
        provider_id = workbench.provider(provider.base_url)["id"]
        for _ in range(3):
            workbench.alias(workbench.model(provider_id, visible=True)["model_id"], workbench.name("alias"))
        for role in ("admin", "viewer", "user"):
            workbench.person(role)
        workbench.key("agent")
        yield server, workbench


@pytest.mark.hard
@pytest.mark.timeout(3600)
def test_every_answer_is_as_documented(furnished: tuple[Server, Workbench], tmp_path: Path) -> None:
    server, workbench = furnished
    person, token = workbench.person("admin")
    acting = server.client(token).must("POST", "/api/admin/keys", {"name": "schemathesis", "kind": "admin"})
    code, said = run_schemathesis(server, acting["key"], acting["id"], person["id"], tmp_path)
    assert '"failed"' not in server.log, server.log[-4000:]
    if code:
        pytest.fail(said, pytrace=False)
    selected, total, tested = map(int, re.findall(r"Selected: (\d+)/(\d+)\n +Tested: (\d+)", said)[0])
    assert selected == tested == total - count(1, 0)
    print(said[said.index("= SUMMARY =") :])


def run_schemathesis(server: Server, key: str, key_id: int, person_id: int, folder: Path) -> tuple[int, str]:
    """The exit code and what it said."""
    few = [] if HARD else ["--seed", "1", "--exclude-path", BENCHMARK]
    config = folder / "schemathesis.toml"
    config.write_text((HERE / "schemathesis.toml").read_text() + ("" if HARD else EVERYDAY))
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)),
        *("run", f"{server.url}/api/openapi.json", "--header", f"Authorization: Bearer {key}"),
        # One worker: with two, Python 3.11 now and then fails in `ast` ("recursion depth mismatch") in the tool itself.
        *("--max-examples", str(count(2, 100)), "--workers", "1", "--continue-on-failure", "--request-timeout", "60"),
        *("--suppress-health-check", "all", "--warnings", "off", *few),
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.contracts.schemathesis_hooks",
        "ACTING_KEY": str(key_id),
        "ACTING_PERSON": str(person_id),
        "PYTHONPATH": str(HERE.parents[1]),
        "NO_COLOR": "1",
    }
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
