"""A pytest plugin: one line per part (a folder of tests/) with its counts and time, in place of a dot per test.

On a terminal, a line that is rewritten shows how far the run is; elsewhere a part that takes long says so now and
then, so that nobody takes it for dead. pytest's own closing line stays the last one. With pytest-xdist it says what
`-n auto` means, and tells of all processes together.
"""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Sequence

import pytest

SAY_SOMETHING_EVERY_S = 20.0
MOST_PROCESSES = 4
"""Each has a PostgreSQL and a local model of its own, and many tests run servers beside themselves."""
Status = tuple[str, str, str | tuple[str, dict[str, bool]]]


@pytest.hookimpl(trylast=True)  # the terminal reporter registers itself in the same hook
def pytest_configure(config: pytest.Config) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(reporter, pytest.TerminalReporter):
        config.pluginmanager.register(Parts(reporter), "lineup-parts")


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` means."""
    return min(
        MOST_PROCESSES, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )


def part_of(nodeid: str) -> str:
    """`tests/catalog/test_names.py::test_x` belongs to `catalog`."""
    folders = nodeid.partition("::")[0].split("/")
    return folders[1] if len(folders) > 2 else folders[0]


class Parts:
    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self.reporter = reporter
        self.expected: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.outcomes: dict[str, Counter[str]] = defaultdict(Counter)
        self.took_s: dict[str, float] = defaultdict(float)
        self.last_said_at = time.monotonic()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.expect([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)  # of pytest-xdist, whose controller collects nothing itself
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self.expect(ids)

    def expect(self, nodeids: Iterable[str]) -> None:
        self.expected = Counter(map(part_of, nodeids))

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, Status, Status]:
        category, _letter, word = yield
        return category, "", word

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        part = part_of(report.nodeid)
        self.took_s[part] += report.duration
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[part][_outcome(report)] += 1
        if report.failed:
            self.say(f"FAILED {report.nodeid}")

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        part = part_of(nodeid)
        self.finished[part] += 1
        if self.finished[part] == self.expected[part]:
            self.say(self.line(part))
        else:
            self.show_progress(part)

    def pytest_terminal_summary(self) -> None:
        total_s = sum(self.took_s.values())
        self.reporter.write_line(f"{len(self.took_s)} part(s), {sum(self.finished.values())} tests, {total_s:.1f} s")

    def line(self, part: str) -> str:
        counts = ", ".join(f"{number} {outcome}" for outcome, number in self.outcomes[part].items())
        return f"{part:<14} {counts:<32} {self.took_s[part]:6.1f} s"

    def show_progress(self, part: str) -> None:
        progress = f"{part} {self.finished[part]}/{self.expected[part]}"
        if self.reporter.isatty:
            done = 100 * sum(self.finished.values()) // max(1, sum(self.expected.values()))
            self.reporter.rewrite(f"{done:3d} % · {progress}", erase=True)
        elif time.monotonic() - self.last_said_at > SAY_SOMETHING_EVERY_S:
            self.say(f"  … {progress}")

    def say(self, text: str) -> None:
        if self.reporter.isatty:
            self.reporter.rewrite("", erase=True)
        self.reporter.write_line(text)
        self.last_said_at = time.monotonic()


def _outcome(report: pytest.TestReport) -> str:
    if report.when != "call" and report.failed:
        return "errors"
    return report.outcome
