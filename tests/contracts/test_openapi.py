"""schemathesis over the OpenAPI document against a real server, as each of four principals: every answer is as
documented.

All of its checks; `schemathesis.toml` says what else counts as right, and why. `make hard` goes through the edges of
every field of every operation, some 6 000 requests for each principal, then through random ones with a new seed each
time: 40 for each operation as an administrator, 15 as the others, who are refused most of them; 100 for everybody took
44 minutes, and each run begins elsewhere. Everyday runs use a fixed seed, one example of each operation and no chains
of requests, leave out starting benchmarks, each of which takes a process, go through the edges of the fields of models
alone, and as an administrator only; what others may is held every day by the matrix of roles.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.counts import HARD, SEED, count
from tests.fakes.paced import paced
from tests.fakes.server import Server, Workbench, running_server

BENCHMARK = "/api/admin/models/by-id/benchmark"
EVERYDAY = """
[[operations]]
exclude-path-regex = "^/api/admin/models$"
phases.coverage.enabled = false
"""
HERE = Path(__file__).parent


@pytest.fixture
def furnished(tmp_path: Path) -> Iterator[tuple[Server, Workbench]]:
    """A server with a provider that answers, models, an alias, people and keys."""
    with (
        paced("--ttft-ms", "1", "--gap-ms", "0", "--tokens", "2") as provider,
        running_server(tmp_path, access_token_minutes=1440) as server,
    ):
        workbench = Workbench(server.admin())
        provider_id = workbench.provider(provider.base_url)["id"]
        for _ in range(3):
            workbench.alias(workbench.model(provider_id, visible=True)["model_id"], workbench.name("alias"))
        for role in ("admin", "viewer", "user"):
            workbench.person(role)
        workbench.key("agent")
        yield server, workbench


@dataclass(frozen=True)
class Principal:
    """Who calls: the credential (None: none), and the rows that it stands on."""

    token: str | None
    key_id: int = 0
    person_id: int = 0


def principal(role: str, server: Server, workbench: Workbench) -> Principal:
    if role == "anonymous":
        return Principal(None)
    if role == "user":
        person, token = workbench.person("user")
        return Principal(token, person_id=person["id"])
    person, token = workbench.person("admin")
    wanted = {"name": "schemathesis", "kind": "admin", "role": role}
    key = server.client(token).must("POST", "/api/admin/keys", wanted)
    return Principal(key["key"], key["id"], person["id"])


@pytest.mark.hard
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("role", count(["admin"], ["admin", "viewer", "user", "anonymous"]))
def test_every_answer_is_as_documented(
    furnished: tuple[Server, Workbench], tmp_path: Path, role: str, did: Callable[[str], None]
) -> None:
    server, workbench = furnished
    code, said = run_schemathesis(server, role, principal(role, server, workbench), tmp_path)
    assert '"failed"' not in server.log, server.log[-4000:]
    if code:
        pytest.fail(said, pytrace=False)
    selected, total, tested = map(int, re.findall(r"Selected: (\d+)/(\d+)\n +Tested: (\d+)", said)[0])
    assert selected == tested == total - count(1, 0)
    print(said[said.index("= SUMMARY =") :])
    cases = re.findall(r"(\d+) generated", said)
    did(f"{tested} operations, {cases[-1] if cases else '?'} test cases, no answer that is not as documented")


def examples(role: str) -> int:
    """For each operation."""
    return count(1, 40) if role == "admin" else count(1, 15)


def run_schemathesis(server: Server, role: str, acting: Principal, folder: Path) -> tuple[int, str]:
    """The exit code and what it said."""
    small = ["--seed", "1", "--exclude-path", BENCHMARK, "--phases", "coverage,fuzzing"]
    config = folder / "schemathesis.toml"
    config.write_text((HERE / "schemathesis.toml").read_text() + ("" if HARD else EVERYDAY))
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)),
        *("run", f"{server.url}/api/openapi.json"),
        *(("--header", f"Authorization: Bearer {acting.token}") if acting.token else ()),
        # One worker: with two, Python 3.11 now and then fails in `ast` ("recursion depth mismatch") in the tool itself.
        *("--max-examples", str(examples(role)), "--workers", "1", "--continue-on-failure"),
        *("--request-timeout", "60", "--suppress-health-check", "all", "--warnings", "off"),
        *(("--seed", str(SEED)) if HARD else small),
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.contracts.schemathesis_hooks",
        "ACTING_KEY": str(acting.key_id),
        "ACTING_PERSON": str(acting.person_id),
        "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]),
        "NO_COLOR": "1",
    }
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
