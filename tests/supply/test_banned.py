"""Nothing that is stored or sent can become code: what runs text or starts processes is in no file but those named."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src/model_lineup"
CALLS = {"exec", "eval", "compile", "__import__", "execfile", "input"}
OF_OS = {"system", "popen", "startfile", "posix_spawn", "posix_spawnp", "fork", "forkpty"}
MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jinja2", "mako", "code", "pty", "ctypes"}
STARTERS = {"subprocess", "create_subprocess_exec", "create_subprocess_shell", "multiprocessing"}
MAY_START_PROCESSES = {
    "benchmarks/runner.py": "the process that measures",
    "cli/demo/upstream.py": "the stand-in of the demo",
    "demo/model_server.py": "the local model of the demo",
    "serving/supervisor.py": "the workers",
}
MAY_USE = {
    "panel/render.py": {"jinja2"},
    "serving/hardening.py": {"ctypes"},
    "serving/memory.py": {"ctypes"},
    "serving/forking.py": {"os.fork"},
}
"""`ctypes` overwrites a secret where the kernel shows the environment of a process, and says how many heaps the C
library may use; nothing else reaches either. `os.fork` makes workers of a supervisor that has imported what they
need. `jinja2` renders the panel's own templates, which are files of the package; no text from elsewhere becomes one."""


def banned(tree: ast.AST) -> Iterator[str]:
    """What of a file is on the list."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield f"{node.func.id}()"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            if node.attr in OF_OS or node.attr.startswith(("exec", "spawn")):
                yield f"os.{node.attr}"
        elif isinstance(node, ast.Attribute) and node.attr in STARTERS | {"from_string"}:
            yield node.attr
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.partition(".")[0] in MODULES | STARTERS)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES | STARTERS:
            yield str(node.module)
        elif isinstance(node, ast.keyword) and node.arg == "shell":
            yield "shell="


@pytest.mark.parametrize(
    "text",
    [
        "eval(body)",
        "exec(stored)",
        "import pickle",
        "from pickle import loads",
        "import os\nos.system('x')",
        "import os\nos.execv('x', [])",
        "import subprocess",
        "import asyncio\nasyncio.create_subprocess_exec('x')",
        "run(command, shell=True)",
        "from jinja2 import Template",
        "environment().from_string(stored)",
    ],
)
def test_the_list_finds_what_is_on_it(text: str) -> None:
    assert list(banned(ast.parse(text)))


def test_no_file_runs_text_or_starts_a_process_but_those_that_say_why() -> None:
    found: dict[str, set[str]] = {}
    for file in SOURCE.rglob("*.py"):
        used = set(banned(ast.parse(file.read_text("utf-8"))))
        name = file.relative_to(SOURCE).as_posix()
        if name in MAY_START_PROCESSES:
            used -= STARTERS
        used -= MAY_USE.get(name, set())
        if used:
            found[name] = used
    assert found == {}


def test_every_exception_is_still_needed() -> None:
    for name in MAY_START_PROCESSES:
        assert set(banned(ast.parse((SOURCE / name).read_text("utf-8")))) & STARTERS, name
