"""What parent and measuring child say to each other: one JSON object a line. Shapes only."""

from typing import Literal

import msgspec
from msgspec import Struct

from model_lineup.benchmarks.environment import Environment
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.report import Report
from model_lineup.benchmarks.sample import Sample
from model_lineup.upstream.contract import Target


class Order(Struct, frozen=True):
    """The first line on the child's stdin. It holds the credential, which is why it is not an argument.

    `spawned_at`: `clock.tick()` of the parent before it started the child; both run on one clock.
    `other`: a second target, to be measured in turns with the first.
    `kernel_stamps`: use them where there are any; without them, the child's own stamps can be compared with them.
    """

    plan: Plan
    target: Target
    spawned_at: float | None = None
    kernel_stamps: bool = True
    other: Target | None = None


class Cancel(Struct, frozen=True):
    """Any later line. So does the end of stdin: a child whose parent is gone measures for nobody."""

    cancel: bool = True


class Started(Struct, frozen=True, tag_field="kind", tag="started"):
    """The child is ready; `plan` is the order's with its seed drawn. What a report needs if the child gives none."""

    plan: Plan
    environment: Environment = Environment()


class Finished(Struct, frozen=True, tag_field="kind", tag="finished"):
    """The last line."""

    report: Report


ChildEvent = Started | Sample | Finished


class OfOther(Struct, frozen=True, tag_field="kind", tag="other"):
    """Of the second target."""

    event: ChildEvent


class ChildOutcome(Struct, frozen=True):
    """How a run ended, seen from the parent.

    `completed`: the report stands, also when a time or token limit ended it early (`report.stopped` tells).
    `cancelled`: on request; the report is partial. `failed`: `error` is its class: auth, quota, errors (the provider
    failed too often) with a partial report, or child_crashed, child_hung, where the report is made from the samples
    that came through.
    """

    state: Literal["completed", "cancelled", "failed"]
    report: Report
    error: str | None = None
    message: str = ""


encode = msgspec.json.encode
decode_order = msgspec.json.Decoder(Order).decode
decode_event = msgspec.json.Decoder[ChildEvent | OfOther](ChildEvent | OfOther).decode
