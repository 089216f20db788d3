"""Requests are counted together, and none is missing where somebody looks."""

import threading

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from model_lineup.metrics import Metrics
from model_lineup.metrics.figures import ManyAtOnce

DURATIONS_S = [0.0, 0.001, 0.0010001, 0.2, 59.9, 60.0, 61.0]


def test_many_at_once_are_told_as_one_after_the_other() -> None:
    together, alone = CollectorRegistry(), CollectorRegistry()
    ManyAtOnce("it", "It.", ("route",), buckets=(0.001, 0.25, 60), registry=together).labels("x").observe_all(
        DURATIONS_S
    )
    one_by_one = Histogram("it", "It.", ("route",), buckets=(0.001, 0.25, 60), registry=alone).labels("x")
    for duration_s in DURATIONS_S:
        one_by_one.observe(duration_s)

    def figures(registry: CollectorRegistry) -> list[str]:
        return [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]

    assert figures(together) == figures(alone)


def test_who_looks_sees_what_was_answered_until_then() -> None:
    metrics = Metrics()
    for status in (200, 200, 404):
        metrics.answered("GET", "/x", status, 0.002)
    said = metrics.exposition().decode()
    assert 'lineup_http_requests_total{method="GET",route="/x",status="200"} 2.0' in said
    assert 'lineup_http_requests_total{method="GET",route="/x",status="404"} 1.0' in said
    assert 'lineup_http_request_duration_seconds_bucket{le="0.0025",route="/x"} 3.0' in said


def test_none_is_lost_or_counted_twice_while_threads_look() -> None:
    metrics, over = Metrics(), threading.Event()

    def look() -> None:
        while not over.is_set():
            metrics.count_answered()

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(5_000):
        metrics.answered("GET", "/x", 200, 0.002)
    over.set()
    for thread in threads:
        thread.join()
    assert 'route="/x",status="200"} 5000.0' in metrics.exposition().decode()
