"""Does a benchmark by Lineup tell the truth? Compares what it and its peers measured with what was really sent.

    .venv/bin/python bench/benchmark_truth.py

An upstream in its own process keeps a schedule and records what it did; Lineup (with the kernel's stamps and without
them), AIPerf and GuideLLM measure it in turns, round after round, and the medians are compared. The peers come from the
package index into throw-away environments under a cache folder; where one cannot be had or run, its row says why.

A whole run takes about ten minutes a round. It can be taken in parts: `--results FILE` keeps what was measured, and
`--write` makes the table, the plot and the JSON of the documentation out of it. Nothing is written and the exit code is
1 when Lineup is further from the truth than promised, 2 when a tool was never measured while the machine was still;
what was measured while it had other work is left out.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.truth.cases import CASES, TOOLS, Case, Part
from bench.truth.figures import BUSY_LIMIT, broken_promises, rows, table, why_void, without_figures
from bench.truth.ours import measure_ours
from bench.truth.paper import draw, write_json
from bench.truth.peers import VERSIONS, Unavailable, measure_peer
from bench.truth.provider import wait_until_still

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lineup-bench"


def main(arguments: Sequence[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = _arguments(given)
    with TemporaryDirectory() as folder:
        results = options.results or Path(folder) / "parts.jsonl"
        if not options.write or not options.results:
            measure(options, results, shlex.join(["python", "bench/benchmark_truth.py", *given]))
        return tell(results, write=options.write or not (options.results or options.no_files))


def measure(options: argparse.Namespace, results: Path, command: str) -> None:
    """Round after round, tool after tool; each part is kept as soon as it is measured."""
    cases = [case for case in CASES if not options.case or case.name in options.case]
    tools = options.tool or TOOLS
    options.cache.mkdir(parents=True, exist_ok=True)
    with results.open("ab") as kept:
        kept.write(msgspec.json.encode({"command": command}) + b"\n")
        for number, case, tool in product(
            range(options.first_round, options.first_round + options.rounds), cases, tools
        ):
            part = measured(tool, case, number, options.cache)
            kept.write(msgspec.json.encode(part) + b"\n")
            kept.flush()
            print(f"round {number}, {case.name:9} {tool:15} {_word(part)}", flush=True)


def measured(tool: str, case: Case, number: int, cache: Path) -> Part:
    """What cannot be measured is a part that says why."""
    busy = wait_until_still(BUSY_LIMIT)
    known: dict[str, Any] = {"tool": tool, "case": case.name, "round": number, "busy": busy}
    try:
        if tool in VERSIONS:
            found = measure_peer(tool, case, cache.resolve())
        else:
            found = measure_ours(case, kernel_stamps=tool == "lineup")
    except Unavailable as reason:
        found = {"version": VERSIONS[tool], "failure": str(reason)}
    return Part(**known, **found)


def tell(results: Path, *, write: bool) -> int:
    """The table of all parts so far; with `write`, also the files of the documentation."""
    parts, commands = _read(results)
    void = {number: why for number, part in enumerate(parts) if (why := why_void(part))}
    good = [part for number, part in enumerate(parts) if number not in void]
    found = rows(good)
    print(table(found))
    for number, why in void.items():
        print(f"left out: {parts[number].tool} {parts[number].case}, round {parts[number].round}: {why}")
    if missing := without_figures(parts, good):
        print("The machine had other work; nothing is written. Without figures:", *missing, sep="\n  ", file=sys.stderr)
        return 2
    broken = broken_promises(found)
    if broken:
        print("Further from the truth than promised:", *broken, sep="\n  ", file=sys.stderr)
    if write:
        write_json(found, commands, left_out=len(void), broken=broken)
        draw(found)
    return 1 if broken else 0


def _read(results: Path) -> tuple[list[Part], list[str]]:
    lines = [msgspec.json.decode(line) for line in results.read_bytes().splitlines()]
    commands = dict.fromkeys(line["command"] for line in lines if "command" in line)
    return [msgspec.convert(line, Part) for line in lines if "tool" in line], list(commands)


def _word(part: Part) -> str:
    if part.failure:
        return f"not measured: {part.failure}"
    measured, true = part.measured["ttft"], part.truth["ttft"]
    off = {"mean": measured.mean - true.mean, "p99": measured.p99 - true.p99}
    busy = f", others used {part.busy:.0%} before" if part.busy > 0.05 else ""
    return f"TTFT {off['mean']:+.2f} mean {off['p99']:+.2f} p99, {part.cpu_s:.1f} s CPU in {part.wall_s:.0f} s{busy}"


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compares what benchmarks measure with what was sent.")
    parser.add_argument("--tool", action="append", choices=TOOLS, help="only this one; may be repeated")
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES], help="only this one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--first-round", type=int, default=1, help="its number, for parts taken one after the other")
    parser.add_argument("--results", type=Path, help="a file of parts, added to; without it they are not kept")
    parser.add_argument("--write", action="store_true", help="with --results: measure nothing, write the documentation")
    parser.add_argument("--no-files", action="store_true", help="only print")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the peers' environments are (7 GB)")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
