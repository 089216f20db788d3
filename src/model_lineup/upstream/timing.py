"""The four figures of a streamed answer, from its stamps. Pure; seconds in, seconds out.

Names and definitions follow OpenTelemetry's GenAI metrics where those have them. `None` means that the figure does not
exist for this answer, which is never the same as 0.
"""

from collections.abc import Sequence
from itertools import pairwise


def time_to_first_token(sent_at: float, content_at: Sequence[float]) -> float | None:
    """TTFT: from the request being sent to the first event with content, what a reader waits for.

    `content_at`: ascending, one stamp per event that carried text, reasoning or a piece of a tool call. A chunk that
    only announces the role is not among them. `None` without content.
    Source: `gen_ai.client.operation.time_to_first_chunk`.
    """
    return content_at[0] - sent_at if content_at else None


def end_to_end(sent_at: float, last_event_at: float | None) -> float | None:
    """E2E: from the request being sent to the last event. Source: `gen_ai.client.operation.duration`."""
    return None if last_event_at is None else last_event_at - sent_at


def time_per_output_token(
    e2e: float | None, ttft: float | None, output_tokens: int | None, events: int
) -> float | None:
    """TPOT: (E2E − TTFT) / (output tokens − 1), the pace after the first token.

    The wait for the first token is left out: folding it in errs by about 40 % at 16 tokens. `None` for fewer than two
    tokens, and when all came in fewer than two `events`, because then no pace was seen.
    Source: `gen_ai.server.time_per_output_token`.
    """
    if e2e is None or ttft is None or output_tokens is None or output_tokens < 2 or events < 2:
        return None
    return (e2e - ttft) / (output_tokens - 1)


def inter_token_latency(content_at: Sequence[float]) -> list[float]:
    """Gaps between consecutive content events: the stutter that a reader feels.

    `content_at`: n ascending monotonic times in seconds, one per event with non-empty content.
    Returns n - 1 gaps in seconds; empty when n < 2. A chunk of several tokens counts as one event.
    Raises ValueError when a time is earlier than the one before it.
    Source: OpenTelemetry GenAI metrics, `gen_ai.client.operation.time_per_output_chunk`.
    """
    gaps = [later - earlier for earlier, later in pairwise(content_at)]
    if any(gap < 0 for gap in gaps):
        raise ValueError("content_at must be ascending")
    return gaps
