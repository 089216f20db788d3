"""What does a request through Lineup cost, and how late does each token come? Peers beside it, in the same run.

    .venv/bin/python bench/gateway.py

A provider in C answers at once, or streams 50 tokens a second; callers (wrk, a reader in C) ask it directly, and
through nginx, Lineup, LiteLLM Proxy and vllm-router, each with one worker on a core of its own; in turns, round after
round. CPU times are the processes' own counters. What cannot be installed or run has a row that says why.

A whole run takes about ten minutes. It can be taken in parts: `--results FILE` keeps what was measured, and `--write`
makes the table, the plot and the JSON of the documentation out of it. The exit code is 1 when Lineup costs more, or is
later, than it is to be.
"""

import argparse
import contextlib
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.gateway_speed.cases import CASES, TARGETS, Case, Part
from bench.gateway_speed.figures import broken_promises, rows, table
from bench.gateway_speed.load import LOADS, Unavailable, upstream
from bench.gateway_speed.paper import write
from bench.gateway_speed.targets import Running, running
from bench.truth.provider import CORES, busy_share

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lineup-bench"


def main(arguments: Sequence[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = _arguments(given)
    with TemporaryDirectory() as folder:
        results = options.results or Path(folder) / "parts.jsonl"
        if not (options.write and options.results):
            measure(options, results, shlex.join(["python", "bench/gateway.py", *given]))
        return tell(results, put_down=options.write)


def measure(options: argparse.Namespace, results: Path, command: str) -> None:
    """Every case in turn, in each all rounds, in each all targets; a part is kept as soon as it is measured."""
    options.cache.mkdir(parents=True, exist_ok=True)
    with results.open("ab") as kept:
        kept.write(msgspec.json.encode({"command": command}) + b"\n")
        for case in (one for one in CASES if _chosen(options.only, one.name, [case.name for case in CASES])):
            for part in _measured(case, options):
                kept.write(msgspec.json.encode(part) + b"\n")
                kept.flush()
                print(f"{part.case:13} {part.target:12} {part.failure or _word(part)}", flush=True)


def _measured(case: Case, options: argparse.Namespace) -> Iterator[Part]:
    """The targets run side by side, idle but for the one whose turn it is."""
    names = [name for name in case.targets if _chosen(options.only, name, TARGETS)]
    ours, theirs = CORES[:1], CORES[1:2]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        port = stack.enter_context(upstream(options.cache, ours))
        up: dict[str, Running | str] = {}
        for name in names:
            try:
                target = running(name, port, case.models, theirs, options.cache, folder / name)
                up[name] = stack.enter_context(target)
            except Unavailable as reason:
                up[name] = str(reason)
        for number in range(1, options.rounds + 1):
            for name in names:
                yield _part(case, name, up[name], number, ours, options.cache)


def _part(case: Case, name: str, target: "Running | str", number: int, cores: list[int], cache: Path) -> Part:
    if isinstance(target, str):
        return Part(target=name, version="", case=case.name, round=number, failure=target)
    busy = busy_share()
    try:
        figures = LOADS[case.name](target.port, target.key, target.pid, cores, cache)
    except Unavailable as reason:
        return Part(target=name, version=target.version, case=case.name, round=number, busy=busy, failure=str(reason))
    if name == "direct":
        figures = {what: value for what, value in figures.items() if not what.startswith("cpu_")}
    if case.name == "list":
        figures["start_s"] = target.start_s
    return Part(target=name, version=target.version, case=case.name, round=number, busy=busy, figures=figures)


def tell(results: Path, *, put_down: bool) -> int:
    """The table of all parts so far; with `put_down`, also the files of the documentation."""
    lines = [msgspec.json.decode(line) for line in results.read_bytes().splitlines()]
    commands = list(dict.fromkeys(line["command"] for line in lines if "command" in line))
    found = rows([msgspec.convert(line, Part) for line in lines if "target" in line])
    print(table(found))
    broken = broken_promises(found)
    if broken:
        print("Not what it is to be:", *broken, sep="\n  ", file=sys.stderr)
    if put_down:
        write(found, commands, broken)
    return 1 if broken else 0


def _word(part: Part) -> str:
    return ", ".join(f"{name} {value:.6g}" for name, value in part.figures.items()) + f", busy {part.busy:.0%}"


def _chosen(only: Sequence[str], name: str, kind: Sequence[str]) -> bool:
    """Without a word about this kind of thing, all of them are chosen."""
    wanted = [one for one in only if one in kind]
    return not wanted or name in wanted


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compares what a request costs, with and without what stands between.")
    choices = [*(case.name for case in CASES), *TARGETS]
    parser.add_argument("--only", action="append", default=[], choices=choices, help="a case or a target; repeatable")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--results", type=Path, help="a file of parts, added to; without it they are not kept")
    parser.add_argument("--write", action="store_true", help="write the documentation; with --results measure nothing")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where programs and peers' environments are (2 GB)")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
