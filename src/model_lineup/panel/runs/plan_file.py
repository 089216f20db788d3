"""A plan as a file: one that somebody has fills in the form, and what was entered can be saved as one."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from model_lineup.api.benchmark_plan import PlanBody
from model_lineup.benchmarks import plan as plans
from model_lineup.benchmarks.plan_text import MOST_BYTES, PlanText, UnreadablePlanError
from model_lineup.changes.as_code import toml
from model_lineup.errors import InvalidInput
from model_lineup.panel.forms import Form, said_of_fields, validated

_FIRST_OF_JSON = "{["


class Told(NamedTuple):
    """The text of a file, and what is wrong with it."""

    text: str
    wrong: list[str]


def read(form: Form) -> tuple[str, dict[str, Any], list[str]]:
    """The text that was chosen or entered, the fields of its plan, and what is wrong with it, in the command line's
    words with the line of each."""
    chosen = form.file("file")
    if len(chosen) > MOST_BYTES:
        return "", {}, [f"The file is larger than a plan may be ({MOST_BYTES} bytes)."]
    try:
        text = chosen.decode("utf-8") if chosen else form.text("text")
    except UnicodeDecodeError:
        return "", {}, ["The file cannot be read: it is not UTF-8."]
    if not text.strip():
        return "", {}, ["Choose a file, or enter a plan."]
    try:
        found = PlanText("plan", text, is_json=text.lstrip()[0] in _FIRST_OF_JSON)
    except UnreadablePlanError as error:
        return text, {}, [str(error)]
    try:
        plans.check(validated(PlanBody, found.fields).plan())
    except InvalidInput as error:
        errors = [{"pointer": field, "message": message} for field, message in said_of_fields(error).items()]
        return text, {}, found.explained(errors) or [error.detail]
    return text, found.fields, []


def entered(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """What stands in the form for a plan: `slo.ttft_ms` in `slo_ttft_ms`, loads with commas between."""
    found: dict[str, list[str]] = {}
    for name, value in fields.items():
        inner = {f"{name}_{part}": said for part, said in value.items()} if isinstance(value, dict) else {name: value}
        found |= {field: [_text(said)] for field, said in inner.items() if said is not None}
    return found


def written(values: Mapping[str, Any]) -> str:
    """The plan as TOML, as `lineup benchmark --plan` takes it."""
    top = {name: value for name, value in values.items() if not isinstance(value, dict)}
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    lines = [_line(name, value) for name, value in top.items()]
    for name, fields in tables.items():
        lines += ["", f"[{name}]", *(_line(part, value) for part, value in fields.items())]
    return "\n".join(lines) + "\n"


def _line(name: str, value: Any) -> str:
    return f"{name} = {toml.value(value)}"


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    return f"{value:.12g}" if isinstance(value, float) else str(value)
