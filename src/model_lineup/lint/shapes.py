"""Findings, and what rules look at."""

from typing import Literal, NamedTuple

import msgspec

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


class Subject(msgspec.Struct, frozen=True, gc=False):
    """What a finding is about. `link`: its address in the API; the panel's is the same under /admin."""

    type: Literal["model", "alias"]
    id: int
    name: str
    provider: str | None
    link: str


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One thing that is odd: what, and what to do."""

    rule: str
    severity: Severity
    subject: Subject
    message: str
    remedy: str


class ModelSeen(NamedTuple):
    """A model as rules see it; times in microseconds. `expected_end`: the facts as JSON, where a catalogue knows one.

    `passed`: whether the last test did; None: never tested.
    """

    id: int
    provider_id: int
    model_id: str
    visible: bool
    listed: bool
    agents_enabled: bool
    task: str
    context_length: int | None
    max_output_tokens: int | None
    supports_tools: int | None
    supports_vision: int | None
    has_price: bool
    lifecycle: str | None
    expected_end: str | None
    missing_since: int | None
    passed: int | None


class ProviderSeen(NamedTuple):
    id: int
    name: str
    slug: str
    enabled: bool
    network_scope: str


class AliasSeen(NamedTuple):
    id: int
    alias: str
    folded: str
    model_row: int
    rollout: str | None = None
