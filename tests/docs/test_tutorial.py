"""The tutorial is true: its commands run as printed, one after the other, and print what it shows."""

import sys
from pathlib import Path

import pytest

from model_lineup.demo.model_server import LocalModel
from tests.docs import console
from tests.docs.console import Step
from tests.fakes.server import running_server

PAGE = Path(__file__).parents[2] / "docs/tutorial.md"


def test_every_command_of_the_tutorial_prints_what_it_shows(local_model: LocalModel, tmp_path: Path) -> None:
    with running_server(tmp_path / "server") as server:
        page = PAGE.read_text(encoding="utf-8").replace("127.0.0.1:8484", f"127.0.0.1:{server.port}")
        steps = console.steps(page.replace("http://127.0.0.1:8080", local_model.address))
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        environment = {"PATH": path, "LINEUP_DATA_DIR": str(server.data_dir)}
        printed = console.run(steps, tmp_path, within_s=100, environment=environment)

    assert len(printed) == len(steps)
    wrong = [
        f"line {step.line}: {step.command}\n--- shown\n{step.shown}--- printed\n{said}"
        for step, said in zip(steps, printed, strict=True)
        if not console.is_shown(step, said)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\n", "a", True),
        ("a\n", "b", False),
        ("took 1.5 ms\n", "took 12 ms\n", True),
        ("8 of 8\n", "7 of 8\n", False),
        ("at 2026-11-23T01:36:57.384696Z\n", "at 2027-01-01T00:00:00Z\n", True),
        ("{\n…\n}\n", "{\n1\n2\n}\n", True),
        ("{\n…\n}\n", "{\n1\n2\n", False),
        ("cold: …,\n", "cold: true,\n", True),
        ("a\n…\n", "a\n", True),
        ("a\n…\n", "a\nb\n", True),
    ],
)
def test_what_differs_from_run_to_run_may_differ_and_nothing_else(shown: str, printed: str, same: bool) -> None:
    assert console.is_shown(Step(1, "", shown), printed) is same


def test_among_figures_every_number_may_differ_and_no_word() -> None:
    step = Step(1, "", "ttft   14.5   60\n─────\n", figures=True)

    assert console.is_shown(step, "ttft   9   1,200\n──────\n")
    assert not console.is_shown(step, "itl   9   1,200\n──────\n")


def test_a_command_may_go_over_several_lines() -> None:
    page = "text\n```console\n$ a \\\n>   b\nx\n$ c\n```\n```bash\n$ not this\n```\n"

    assert console.steps(page) == [Step(3, "a \\\n  b", "x\n"), Step(6, "c", "")]
