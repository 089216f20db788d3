"""The upstream that keeps time, on a core of its own where there are two, and how busy the machine is."""

import json
import os
import ssl
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@contextmanager
def tls_options(tls: bool) -> Iterator[tuple[list[str], str | None]]:
    """What the upstream is told to speak TLS, and the authority to trust as PEM; nothing without TLS."""
    if not tls:
        yield [], None
        return
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    with TemporaryDirectory() as folder:
        certificate, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        key.write_bytes(issued.private_key_pem.bytes())
        yield ["--certificate", str(certificate), "--key", str(key)], authority.cert_pem.bytes().decode()


@contextmanager
def paced_upstream(options: Sequence[str]) -> Iterator[str]:
    """Gives its address, without `/v1`."""
    scheme = "https" if "--certificate" in options else "http"
    command = [sys.executable, "-m", "model_lineup.demo.paced", "--until-stdin-closes", *options]
    with Popen(command, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(process.stdout.readline())
        if len(CORES) > 1:
            os.sched_setaffinity(process.pid, CORES[:1])
        yield f"{scheme}://127.0.0.1:{port}"
        process.stdin.close()


@contextmanager
def on_the_other_core() -> Iterator[None]:
    """What is started in here has a core beside the upstream's."""
    if len(CORES) < 2:
        yield
        return
    os.sched_setaffinity(0, CORES[1:2])
    try:
        yield
    finally:
        os.sched_setaffinity(0, CORES)


def records_of(base_url: str, authority: str | None = None) -> list[dict[str, Any]]:
    """In the order in which the requests came. `authority`: PEM to trust, over TLS."""
    trusted = ssl.create_default_context(cadata=authority) if authority else None
    with urlopen(f"{base_url}/stats", context=trusted) as answer:
        records: list[dict[str, Any]] = json.load(answer)["requests"]
    return sorted(records, key=lambda record: float(record["came_at"]))


def wait_until_still(limit: float, patience_s: float = 20.0) -> float:
    """Until others use less than `limit` of all cores, or patience is over; gives what they use then."""
    until = time.monotonic() + patience_s
    while (busy := busy_share()) > limit and time.monotonic() < until:
        pass
    return busy


def busy_share(within_s: float = 0.5) -> float:
    """How much of all cores others use, the host's other guests included; 0 where the system does not tell."""
    before = _ticks()
    time.sleep(within_s)
    after = _ticks()
    if before is None or after is None or sum(after) == sum(before):
        return 0.0
    idle = (after[3] + after[4]) - (before[3] + before[4])
    return 1 - idle / (sum(after) - sum(before))


def _ticks() -> list[int] | None:
    """user, nice, system, idle, iowait, irq, softirq, steal; see proc(5)."""
    stat = Path("/proc/stat")
    return [int(part) for part in stat.read_text().split("\n", 1)[0].split()[1:9]] if stat.exists() else None
