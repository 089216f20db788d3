"""What is measured: the loads, what stands between caller and provider, and what one measurement found."""

from msgspec import Struct

TARGETS = ("direct", "nginx", "lineup", "litellm", "vllm-router")
MODELS = 10_000
KEY = "sk-bench-not-a-secret"


class Case(Struct, frozen=True):
    """One load. `targets`: on whom it can be put; `models`: how many models they know."""

    name: str
    targets: tuple[str, ...]
    models: int = 1


CASES = (
    Case("plain", TARGETS),
    Case("steady", TARGETS),
    Case("streams", TARGETS),
    Case("many streams", ("direct", "nginx", "lineup", "vllm-router")),
    Case("list", ("lineup", "litellm"), models=MODELS),
)
"""`plain`: 32 connections ask for small chats as fast as they are answered. `steady`: one connection, 20 a second.
`streams`: 200 at 50 tokens a second; `many streams`: 1000. `list`: `/v1/models`, 20 times; and the memory after it."""

UNITS = {
    "cpu_us": "CPU per request, us",
    "per_s": "requests per second",
    "p50_ms": "p50, ms",
    "p99_ms": "p99, ms",
    "cpu_ms": "CPU per 1 000 chunks, ms",
    "lost": "chunks that never came",
    "start_s": "start, s",
    "rss_mb": "memory, MB",
    "bytes": "size of the list",
}


class Part(Struct, frozen=True, kw_only=True):
    """One target under one load in one round. `failure`: why there are no figures. `figures`: names as in `UNITS`.
    `busy`: share of all cores that others used just before."""

    target: str
    version: str
    case: str
    round: int
    busy: float = 0.0
    failure: str = ""
    figures: dict[str, float] = {}
