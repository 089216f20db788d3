"""The reference page of metrics and log fields, from `metrics/figures.py` and `telemetry.py`."""

from prometheus_client.metrics import MetricWrapperBase

from model_lineup.metrics import Metrics
from model_lineup.metrics.figures import Asked
from model_lineup.telemetry import FIELDS
from tools.docs_markdown import code, prose, table
from tools.docs_markdown import page as whole_page

_INTRODUCTION = """
`GET /metrics` answers in Prometheus' text format, to an admin key or to the token of `LINEUP_METRICS_TOKEN`, sent as
`Authorization: Bearer`. Labels are few and bounded: a route is the template of its path
(`/api/admin/models/{row_id}`), never the path itself; what is no route is `other`. With several
workers every worker answers for all of them: counters and histograms are sums, and what is true of one worker alone has
its number as the label `worker`, and is absent while that worker is.
"""
_LOG = """
Logs go to standard error, as JSON or as text (`LINEUP_LOG_FORMAT`), one line for each request and for each thing that
happened. A field that is not on this list is dropped before a line is written: no header, no body, no query, no
credential, no prompt and no answer is ever logged.
"""


def page() -> str:
    metrics = [one for one in vars(Metrics()).values() if isinstance(one, MetricWrapperBase | Asked)]
    return whole_page(
        "Metrics and logs",
        "src/model_lineup/metrics/figures.py",
        "## Metrics",
        prose(_INTRODUCTION),
        table(("Name", "Type", "Labels", "What it counts"), map(_row, metrics)),
        "## Log fields",
        prose(_LOG),
        prose(", ".join(code(name) for name in sorted(FIELDS)) + "."),
    )


def _row(metric: MetricWrapperBase | Asked) -> list[str]:
    described = next(iter(metric.describe()))
    name = f"{described.name}_total" if described.type == "counter" else described.name
    labels = ", ".join(code(label) for label in getattr(metric, "_labelnames", ()))
    return [code(name), described.type, labels, described.documentation]
