"""The upstream and the callers: built from C where there is a compiler, wrk from the system's packages."""

import http.client
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

from bench.gateway_speed.counters import cpu_s, memory_mb

HERE = Path(__file__).resolve().parent
BODY = '{"model":"vendor/model-77","messages":[{"role":"user","content":"Hello, who are you?"}],"max_tokens":64}'
PATH = "/v1/chat/completions"
CONNECTIONS, PLAIN_S, WARM_UP_S = 32, 5, 1
STEADY_PER_S, STEADY_N, LISTS = 20, 100, 20
STREAMS, MANY, STREAMS_S = 200, 1000, 5


class Unavailable(Exception):
    """Something that is needed is not here, or does not work; says what."""


def built(name: str, cache: Path) -> Path:
    """The program of this name, compiled when its source is newer. Raises Unavailable."""
    source, program = HERE / f"{name}.c", cache / name
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Unavailable("a C compiler is needed for upstream and reader")
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        made = program.with_suffix(".new")  # the old one may be running
        subprocess.run([compiler, "-O2", "-o", str(made), str(source)], check=True)
        made.replace(program)
    return program


@contextmanager
def upstream(cache: Path, cores: Sequence[int]) -> Iterator[int]:
    """Gives its port."""
    with Popen([*pinned(cores), str(built("upstream", cache))], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()


def pinned(cores: Sequence[int]) -> list[str]:
    """What goes before a command so that it stays on these cores."""
    return ["taskset", "-c", ",".join(map(str, cores))] if cores and shutil.which("taskset") else []


def plain(port: int, key: str, pid: int, cores: Sequence[int], cache: Path) -> dict[str, float]:
    """As many small chats as go. Raises Unavailable."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Unavailable("wrk is not installed (apt install wrk)")
    script = cache / "chat.lua"
    script.write_text(
        f"wrk.method, wrk.body = 'POST', {json.dumps(BODY)}\n"
        f"wrk.headers['authorization'], wrk.headers['content-type'] = 'Bearer {key}', 'application/json'\n"
    )
    base = [*pinned(cores), wrk, "-t1", f"-c{CONNECTIONS}", "--latency", "--timeout", "20s", "-s", str(script)]
    url = f"http://127.0.0.1:{port}{PATH}"
    subprocess.run([*base, f"-d{WARM_UP_S}s", url], check=True, capture_output=True)
    before = cpu_s(pid)
    said = subprocess.run([*base, f"-d{PLAIN_S}s", url], check=True, capture_output=True, text=True).stdout
    used = cpu_s(pid) - before
    requests = int(_found(r"(\d+) requests in", said))
    if "Non-2xx" in said or not requests:
        raise Unavailable(f"wrk did not get answers: {' '.join(said.split())[-200:]}")
    return {
        "cpu_us": used / requests * 1e6,
        "per_s": float(_found(r"Requests/sec:\s+([\d.]+)", said)),
        "p50_ms": _ms(_found(r"\n\s+50%\s+(\S+)", said)),
        "p99_ms": _ms(_found(r"\n\s+99%\s+(\S+)", said)),
    }


def steady(port: int, key: str, pid: int, cores: Sequence[int], cache: Path) -> dict[str, float]:
    """One caller, 20 small chats a second, each timed from the first byte sent to the last received."""
    taken = _timed(port, key, "POST", PATH, BODY, STEADY_N, 1 / STEADY_PER_S)
    return {"p50_ms": statistics.median(taken), "p99_ms": _rank(taken, 0.99)}


def listed(port: int, key: str, pid: int, cores: Sequence[int], cache: Path) -> dict[str, float]:
    """The list of models, over and over."""
    sizes: list[int] = []
    taken = _timed(port, key, "GET", "/v1/models", None, LISTS, 0.02, sizes)
    return {
        "p50_ms": statistics.median(taken),
        "p99_ms": _rank(taken, 0.99),
        "rss_mb": memory_mb(pid),
        "bytes": sizes[-1],
    }


def streams(port: int, key: str, pid: int, cores: Sequence[int], cache: Path) -> dict[str, float]:
    return _streams(STREAMS, port, key, pid, cores, cache)


def many_streams(port: int, key: str, pid: int, cores: Sequence[int], cache: Path) -> dict[str, float]:
    return _streams(MANY, port, key, pid, cores, cache)


LOADS: dict[str, Callable[[int, str, int, Sequence[int], Path], dict[str, float]]] = {
    "plain": plain,
    "steady": steady,
    "streams": streams,
    "many streams": many_streams,
    "list": listed,
}
"""Each is told where to ask, as whom, whose CPU time counts, its own cores, and where programs are kept."""


def _streams(number: int, port: int, key: str, pid: int, cores: Sequence[int], cache: Path) -> dict[str, float]:
    """Raises Unavailable."""
    program = [str(built("reader", cache)), str(port), str(number), str(STREAMS_S), key]
    with Popen([*pinned(cores), *program], stdout=PIPE, text=True) as reader:
        assert reader.stdout is not None
        marks = []
        for line in reader.stdout:
            if line.startswith("{"):
                said = json.loads(line)
            else:
                marks.append(cpu_s(pid))
    if reader.returncode or len(marks) != 2 or not said["chunks"]:
        raise Unavailable("the streams did not come")
    if said["out_of_order"]:
        raise Unavailable(f"{said['out_of_order']} tokens came out of order")
    return {
        "cpu_ms": (marks[1] - marks[0]) / said["chunks"] * 1e6,
        "p50_ms": said["p50_ms"],
        "p99_ms": said["p99_ms"],
        "per_s": said["chunks"] / STREAMS_S,
        "lost": said["lost"],
    }


def _timed(
    port: int,
    key: str,
    method: str,
    path: str,
    body: str | None,
    number: int,
    every_s: float,
    sizes: list[int] | None = None,
) -> list[float]:
    """Milliseconds of each request, all on one connection. The first three do not count. Raises Unavailable."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"authorization": f"Bearer {key}", **({"content-type": "application/json"} if body else {})}
    taken = []
    began = time.perf_counter()
    for turn in range(number + 3):
        time.sleep(max(0.0, began + turn * every_s - time.perf_counter()))
        asked = time.perf_counter()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        taken.append((time.perf_counter() - asked) * 1000)
        if answer.status != 200:
            raise Unavailable(f"{path} was answered with {answer.status}: {content[:200]!r}")
        if sizes is not None:
            sizes.append(len(content))
    connection.close()
    return taken[3:]


def _rank(values: Sequence[float], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise Unavailable(f"wrk said something else than expected: {text[-200:]}")
    return found[1]


def _ms(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[unit]


def warn(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
