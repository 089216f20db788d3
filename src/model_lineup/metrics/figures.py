"""Every figure by name. Labels are few and bounded: routes by template, never paths; workers by number."""

import contextlib
import os
from bisect import bisect_left
from collections import Counter as Counts
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from model_lineup.metrics.workers import shared_folder

_TOGETHER = 1_000


class ManyAtOnce(Histogram):
    """A histogram that is told of many at a time."""

    def observe_all(self, amounts: Sequence[float]) -> None:
        """As `observe` does for each."""
        buckets = Counts(bisect_left(self._upper_bounds, amount) for amount in amounts)
        for place, number in buckets.items():
            self._buckets[place].inc(number)
        self._sum.inc(sum(amounts))


class Metrics:
    """`worker` is this process's number, from 0. `revision` is asked for whenever somebody looks."""

    def __init__(self, *, worker: int = 0, revision: Callable[[], int] = lambda: 0) -> None:
        self._registry = CollectorRegistry()
        names = ("method", "route", "status")
        self.requests = Counter("lineup_http_requests", "Requests answered.", names, registry=self._registry)
        self.duration = ManyAtOnce(
            "lineup_http_request_duration_seconds",
            "From the first byte of a request to the last of its answer.",
            ("route",),
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
            registry=self._registry,
        )
        self.v1_requests = Counter(
            "lineup_v1_requests",
            "Requests to models, by how they ended: completed, client_closed, upstream_failed, refused.",
            ("surface", "outcome"),
            registry=self._registry,
        )
        self.v1_tokens = Counter(
            "lineup_v1_tokens",
            "Their tokens, as far as they are known: input, output, and cached_input, which is part of input.",
            ("surface", "token_type"),
            registry=self._registry,
        )
        self.ttft = Histogram(
            "gen_ai_server_time_to_first_token_seconds",
            "From a whole request to the first content of its stream; named after OpenTelemetry's conventions.",
            ("gen_ai_operation_name",),
            buckets=(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10),
            registry=self._registry,
        )
        self.usage_lost = Counter(
            "lineup_usage_lost", "Requests that could not be written into the ledger.", registry=self._registry
        )
        self.loop_lag = Histogram(
            "lineup_event_loop_lag_seconds",
            "How much later than it was due a timer ran; measured 20 times a second in each worker.",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5),
            registry=self._registry,
        )
        self.loop_lag_max = self._of_worker(
            worker, "lineup_event_loop_lag_max_seconds", "The longest such delay in the last one to two minutes."
        )
        self.snapshot_revision = self._of_worker(
            worker, "lineup_snapshot_revision", "Revision of the configuration that a worker resolves names in."
        )
        self.retries = Counter(
            "lineup_upstream_retries",
            "Fallbacks after a failure, by whether the budget allowed them: `made`, `refused`.",
            ("result",),
            registry=self._registry,
        )
        self._worker = str(worker)
        self._left_alone = Gauge(
            "lineup_upstream_open",
            "What a worker leaves alone because it failed in a row: the provider itself, and models of it.",
            ("provider", "worker"),
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        self.worker_pid = self._of_worker(worker, "lineup_worker_pid", "Process number of a worker.")
        self.worker_pid.set(os.getpid())
        self._answered: deque[tuple[str, str, int, float]] = deque()
        self.revision = Asked("lineup_revision", "Number of the newest configuration.", revision)

    def note_left_alone(self, slug: str, count: int) -> None:
        """`count`: what is open of this provider now."""
        self._left_alone.labels(slug, self._worker).set(count)

    def note_retry(self, result: str) -> None:
        self.retries.labels(result).inc()

    def answered(self, method: str, route: str, status: int, duration_s: float) -> None:
        """One request. It is counted a moment later, many at a time, which costs a tenth."""
        self._answered.append((method, route, status, duration_s))
        if len(self._answered) >= _TOGETHER:
            self.count_answered()

    def count_answered(self) -> None:
        """Those that were not counted yet. In any thread."""
        numbers: Counts[tuple[str, str, int]] = Counts()
        durations: defaultdict[str, list[float]] = defaultdict(list)
        with contextlib.suppress(IndexError):  # the end; another thread may take from it too
            while True:
                method, route, status, duration_s = self._answered.popleft()
                numbers[method, route, status] += 1
                durations[route].append(duration_s)
        for (method, route, status), number in numbers.items():
            self.requests.labels(method, route, str(status)).inc(number)
        for route, of_route in durations.items():
            self.duration.labels(route).observe_all(of_route)

    def exposition(self) -> bytes:
        """The text format of Prometheus, of all workers."""
        self.count_answered()
        folder, shown = shared_folder(), CollectorRegistry()
        shown.register(self._registry if folder is None else MultiProcessCollector(None, path=folder))  # type: ignore[no-untyped-call]
        shown.register(self.revision)
        return generate_latest(shown)

    def _of_worker(self, worker: int, name: str, what: str) -> Gauge:
        gauge = Gauge(name, what, ("worker",), registry=self._registry, multiprocess_mode="livemax")
        return gauge.labels(str(worker))


class Asked(Collector):
    """A gauge that is the same in every worker: whoever is asked reads it then."""

    def __init__(self, name: str, what: str, read: Callable[[], int]) -> None:
        self._name = name
        self._what = what
        self._read = read

    def describe(self) -> list[Metric]:
        return [GaugeMetricFamily(self._name, self._what)]

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(self._name, self._what, value=self._read())
