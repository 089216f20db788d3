"""The values that cross this room's door: where to call, what to ask, and what came back.

All are frozen msgspec structs: they travel as JSON to the child process that measures. Times are monotonic seconds
from `clock.tick`, comparable within one process only. What a provider did not tell is `None` or absent, never 0.
"""

from model_lineup.upstream.contract.answers import (
    Answer,
    Event,
    Exchange,
    Failure,
    MalformedError,
    ProviderError,
    Stage,
    UnsupportedError,
    Usage,
)
from model_lineup.upstream.contract.asks import (
    Ask,
    Call,
    Message,
    Quirks,
    Surface,
)
from model_lineup.upstream.contract.kinds import (
    DetailedKind,
    Dialect,
    DrillKind,
    FormField,
    Kind,
    Reading,
    StreamParser,
)
from model_lineup.upstream.contract.lists import (
    ListedModel,
    Listing,
    Page,
)
from model_lineup.upstream.contract.places import (
    Bounds,
    Endpoint,
    NetworkScope,
    Target,
    Task,
    Timeouts,
)

__all__ = [
    "Answer",
    "Ask",
    "Bounds",
    "Call",
    "DetailedKind",
    "Dialect",
    "DrillKind",
    "Endpoint",
    "Event",
    "Exchange",
    "Failure",
    "FormField",
    "Kind",
    "ListedModel",
    "Listing",
    "MalformedError",
    "Message",
    "NetworkScope",
    "Page",
    "ProviderError",
    "Quirks",
    "Reading",
    "Stage",
    "StreamParser",
    "Surface",
    "Target",
    "Task",
    "Timeouts",
    "UnsupportedError",
    "Usage",
]
