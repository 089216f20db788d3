"""Who blocks the event loop: `python -m bench.loop_lag [--models 10000] [--workers 1] [--seconds 6]`.

A server of its own does one heavy thing after the other, again and again for some seconds each, while `/livez` is asked
50 times a second from a process of its own. For each: how long `/livez` took, and what the server itself measured of
its loop (`lineup_event_loop_lag_seconds`). The promise: lag p99 <= 20 ms, max <= 100 ms, `/livez` p99 <= 50 ms.

Client, provider and server share the machine's cores, so what it shows is the sum of their delays.
"""

import argparse
import http.server
import json
import multiprocessing
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from tests.fakes.server import PASSWORD, Client, Server, Workbench, by_id

TOKEN = "metrics-token-of-a-bench"
Step = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--only", help="a part of the name of what to do")
    options = parser.parse_args()
    provider = listing_provider(options.models)
    settings = {
        "workers": options.workers,
        "access_token_minutes": 1440,
        "metrics_token": TOKEN,
        "log_level": "warning",
    }
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "data", **settings) as server:
        steps = prepare(server, f"http://127.0.0.1:{provider.server_port}/v1")
        sys.stdout.write(f"{'':34}{'times':>6}{'each ms':>9} | /livez ms: p50   p99   max | lag ms: p99<=  max\n")
        for name, step in steps.items():
            if options.only is None or options.only in name:
                sys.stdout.write(_row(name, server, step, options.seconds))
                sys.stdout.flush()


def prepare(server: Server, provider_url: str) -> dict[str, Step]:
    """A server with as many models as the provider lists, and what can be done to it."""
    bench = Workbench(server.admin())
    place = bench.provider(provider_url)["id"]
    bench.admin.must("POST", f"/api/admin/providers/{place}/fetch")
    first = bench.admin.must("GET", "/api/admin/models?limit=1000")["models"]
    other, flag, batch = server.client(bench.admin.token), [False], [0]

    def bulk() -> object:
        flag[0] = not flag[0]
        return other.must("PUT", "/api/admin/models/bulk/agents-enabled", {"filter": {}, "agents_enabled": flag[0]})

    def bulk_by_ids() -> object:
        flag[0] = not flag[0]
        body = {"model_ids": list(range(1, 10_001)), "agents_enabled": flag[0]}
        return other.call("PUT", "/api/admin/models/bulk/agents-enabled", body)

    def import_aliases() -> object:
        batch[0] += 1
        items = [{"model_id": one["model_id"], "alias": f"a{batch[0]}-{one['id']}"} for one in first]
        return other.must("POST", "/api/admin/models/import-aliases", {"aliases": items})

    def logins() -> object:
        time.sleep(0.02)
        return other.post("/api/auth/login", {"email": "admin@example.com", "password": PASSWORD})

    path = f"/api/admin/providers/{place}/fetch?dry_run=true"
    return {
        "nothing": lambda: time.sleep(0.1),
        "page of 1000": lambda: other.must("GET", "/api/admin/models?limit=1000"),
        "all as NDJSON": lambda: other.get("/api/admin/models.ndjson"),
        "search": lambda: other.must("GET", "/api/admin/models?q=77&limit=100"),
        "bulk by filter": bulk,
        "bulk by 10000 ids": bulk_by_ids,
        "import 1000 aliases": import_aliases,
        "fetch plan": lambda: other.must("POST", path),
        "openapi": lambda: other.must("GET", "/api/openapi.json"),
        "change set of everything": lambda: other.get(f"/api/admin/changes/{place + 1}"),
        "fat body (1 MiB of ids)": lambda: other.put(
            "/api/admin/models/bulk/visibility", raw=b'{"model_ids": [' + b"1, " * 300_000 + b'1], "visible": true}'
        ),
        "sign-in, 20 a second": logins,
        "by id": lambda: other.get(by_id(first[0]["model_id"])),
    }


def _row(name: str, server: Server, step: Step, seconds: float) -> str:
    before = lag_buckets(server)
    with Prober(server.port) as prober:
        until, times = time.monotonic() + seconds, 0
        began = time.monotonic()
        while time.monotonic() < until:
            step()
            times += 1
        each_ms = (time.monotonic() - began) / times * 1000
        livez = sorted(prober.stop())
    after = lag_buckets(server)
    counted = {bound: after[bound] - before.get(bound, 0) for bound in after}
    p99, longest = bound(counted, 0.99), bound(counted, 1.0)
    shown = " ".join(f"{livez[min(len(livez) - 1, int(len(livez) * q))] * 1000:5.1f}" for q in (0.5, 0.99, 1))
    return f"{name:34}{times:6}{each_ms:9.1f} | {'':10}{shown} | {p99:12g} {longest:5g}\n"


def bound(cumulative: dict[float, float], share: float) -> float:
    """Milliseconds: the upper bound of the bucket in which this share of the samples is reached."""
    total = max(cumulative.values())
    return next(bound for bound, number in sorted(cumulative.items()) if number >= share * total) * 1000


def lag_buckets(server: Server) -> dict[float, float]:
    client = Client(server.port, TOKEN)
    text = client.get("/metrics").body.decode()
    client.close()
    found = re.findall(r'lineup_event_loop_lag_seconds_bucket\{le="(.+?)"\} (\S+)', text)
    return {float(bound): float(number) for bound, number in found}


class Prober:
    """Asks for `/livez` from a process of its own."""

    def __init__(self, port: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_probe, args=(port, there), daemon=True)

    def __enter__(self) -> "Prober":
        self._process.start()
        self._here.recv()
        return self

    def stop(self) -> list[float]:
        self._here.send(None)
        found: list[float] = self._here.recv()
        return found

    def __exit__(self, *_: object) -> None:
        self._process.join(5)


def _probe(port: int, there: Connection) -> None:
    client, taken = Client(port), []
    client.get("/livez")
    there.send(None)
    while not there.poll(0.02):
        began = time.perf_counter()
        client.get("/livez")
        taken.append(time.perf_counter() - began)
    there.send(taken)


def listing_provider(models: int) -> http.server.ThreadingHTTPServer:
    """Lists so many models in OpenAI's form."""
    listed = [{"id": f"vendor/model-{n}", "object": "model", "owned_by": "vendor"} for n in range(models)]
    body = json.dumps({"object": "list", "data": listed}).encode()

    class Lists(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lists)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    main()
