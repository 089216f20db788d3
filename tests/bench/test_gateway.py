"""What the gateway's benchmark makes of its parts; the measuring itself is tried by running it."""

import os
from pathlib import Path

import msgspec
import pytest

from bench import gateway
from bench.gateway_speed import counters, paper
from bench.gateway_speed.cases import CASES, Part
from bench.gateway_speed.figures import broken_promises, rows, table


def part(target: str, case: str = "plain", *, round: int = 1, failure: str = "", **figures: float) -> Part:
    return Part(target=target, version="1", case=case, round=round, failure=failure, figures=figures)


def test_figures_are_medians_over_the_rounds_that_were_measured() -> None:
    parts = [part("lineup", round=number, cpu_us=value) for number, value in enumerate((100.0, 400.0, 110.0))]
    [row] = rows([*parts, part("lineup", failure="the machine was gone")])
    assert (row.figures, row.rounds, row.failure) == ({"cpu_us": 110.0}, 3, "")


def test_a_peer_that_cannot_run_is_a_row_that_says_why() -> None:
    found = rows([part("lineup", cpu_us=100.0), part("litellm", failure="litellm cannot be installed")])
    assert "| litellm 1 | not measured: litellm cannot be installed |" in table(found)
    assert broken_promises(found) == []


def test_cpu_is_told_as_a_share_of_nginx_and_in_times_of_lineup() -> None:
    shown = table(rows([part("nginx", cpu_us=20.0), part("lineup", cpu_us=100.0), part("litellm", cpu_us=15_000.0)]))
    assert [line.split(" | ")[1:] for line in shown.splitlines()[2:]] == [
        ["20", "1", "0.2 |"],
        ["100", "0.2", " |"],
        ["15 000", "0.00133", "150 |"],
    ]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ([part("lineup", cpu_us=121.0)], "CPU per request, us is 121, not 120 at most"),
        ([part("lineup", cpu_us=119.0), part("nginx", cpu_us=20.0)], "0.168 of nginx"),
        ([part("lineup", "streams", cpu_ms=61.0, p50_ms=0.5, lost=0.0)], "is 61, not 60"),
        ([part("lineup", "streams", cpu_ms=50.0, p50_ms=0.5, lost=3.0)], "3 chunks were lost"),
        (
            [
                part("lineup", "streams", cpu_ms=50.0, p50_ms=0.5, p99_ms=3.2, lost=0.0),
                part("direct", "streams", p99_ms=1.0),
            ],
            "p99 is 3.2 times direct's",
        ),
        ([part("lineup", "many streams", cpu_ms=30.0, p99_ms=41.0, lost=0.0)], "is 41, not 40"),
        ([part("lineup", "steady", p50_ms=1.3), part("direct", "steady", p50_ms=0.4)], "0.90 ms are added"),
        ([part("lineup", "list", p50_ms=3.1, rss_mb=171.0)], "is 171, not 170"),
        ([part("lineup", failure="it broke")], "plain: it broke"),
    ],
)
def test_what_is_promised_is_checked(broken: list[Part], says: str) -> None:
    assert says in "".join(broken_promises(rows(broken)))


def test_the_parts_become_tables_json_and_a_plot_without_paths_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = tmp_path / "docs"
    (docs / "explanation").mkdir(parents=True)
    page = docs / "explanation" / "gateway-speed.md"
    page.write_text(f"Before.\n\n{paper.BEGIN}\nold\n{paper.END}\n\nAfter.\n")
    monkeypatch.setattr(paper, "DOCS", docs)
    results = tmp_path / "parts.jsonl"
    parts = [
        part("nginx", cpu_us=20.0),
        part("lineup", cpu_us=100.0),
        part("litellm", failure="see /var/cache/x/y.log"),
    ]
    lines = [{"command": "python bench/gateway.py --cache /var/cache/x/cache"}, *map(msgspec.to_builtins, parts)]
    results.write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    assert gateway.tell(results, put_down=True) == 0
    assert page.read_text().startswith(f"Before.\n\n{paper.BEGIN}\n\n| plain |")
    assert page.read_text().endswith(f"{paper.END}\n\nAfter.\n")
    written = (docs / "gateway-speed.json").read_text()
    assert "/var" not in written
    assert '"of_nginx": 0.2' in written
    assert (docs / "img" / "gateway-speed.svg").read_text().lstrip().startswith("<?xml")


def test_counters_are_of_the_process_and_all_that_it_started() -> None:
    assert os.getpid() in counters.tree(os.getppid())
    before = counters.cpu_s(os.getpid())
    assert counters.cpu_s(os.getppid()) >= before > 0
    assert counters.memory_mb(os.getpid()) > 10


def test_parts_can_be_taken_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    taken = gateway._arguments(["--only", "streams", "--only", "lineup", "--rounds", "5"])
    assert (taken.only, taken.rounds) == (["streams", "lineup"], 5)
    assert gateway._chosen(taken.only, "streams", [case.name for case in CASES])
    assert not gateway._chosen(taken.only, "plain", [case.name for case in CASES])
    with pytest.raises(SystemExit):
        gateway._arguments(["--only", "everything"])
    assert "many streams" in capsys.readouterr().err
