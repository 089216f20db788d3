"""`lineup usage`: who used what, added up or request by request."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from model_lineup.cli import completion, finding, show
from model_lineup.cli.options import Limit, Offset, shown_of
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("usage", "Who used what: sums of days, and single requests.")

By = Annotated[
    str,
    typer.Option(
        "--by",
        help="Up to three of day, model, key, person, group, provider, outcome, name, on_behalf_of; with commas.",
    ),
]
First = Annotated[str | None, typer.Option("--from", help="First day, UTC, like 2030-01-01; 29 days before the last.")]
Last = Annotated[str | None, typer.Option("--to", help="Last day; today.")]
OfModel = Annotated[
    str | None,
    typer.Option("--model", help="Only what this model answered.", autocompletion=completion.models),
]
OfKey = Annotated[str | None, typer.Option("--key-name", help="Only of this key: its name or id.")]
OfPerson = Annotated[str | None, typer.Option("--person", help="Only of this person's keys: e-mail address or id.")]
OfGroup = Annotated[
    str | None, typer.Option("--group", help="Only of keys that belong to this group now: its name or id.")
]
Name = Annotated[str | None, typer.Option("--name", help="Only what callers asked for by this name.")]
For = Annotated[str | None, typer.Option("--on-behalf-of", help="Only for this user of a trusted front end.")]
Ended = Annotated[str | None, typer.Option("--outcome", help="completed, client_closed, upstream_failed or refused.")]


@verb(app, "show", examples=["lineup usage show --by day,model", "lineup usage show --by group --from 2030-01-01"])
def show_usage(
    here: Session,
    by: By = "model",
    first: First = None,
    last: Last = None,
    model: OfModel = None,
    key_name: OfKey = None,
    person: OfPerson = None,
    group: OfGroup = None,
    name: Name = None,
    on_behalf_of: For = None,
    outcome: Ended = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> None:
    """Requests, tokens and times of the last 30 days, or of others."""
    query = _query(here, first, last, model, key_name, person, group, name, on_behalf_of, outcome)

    def as_text(report: dict[str, Any]) -> None:
        columns = [Column(dimension, _reader(dimension)) for dimension in report["group_by"]]
        show.rows(report["groups"], [*columns, *SUMS], nothing="Nothing was used.")
        total, days = report["totals"], f"{report['first']} to {report['last']}"
        if report["groups"]:
            show.line(f"{days}: {show.count(total['requests'], 'request')}, {_failed(total)} of them not completed.")
        if rest := shown_of(report, len(report["groups"])):
            show.note(rest)

    here.answer(here.get("usage", group_by=by, limit=limit, offset=offset, **query), as_text)


@verb(app, "requests", examples=["lineup usage requests --request-id 5f0c…", "lineup usage requests --outcome refused"])
def list_requests(
    here: Session,
    request_id: Annotated[str | None, typer.Option(help="x-request-id of the answer.")] = None,
    first: First = None,
    last: Last = None,
    model: OfModel = None,
    key_name: OfKey = None,
    person: OfPerson = None,
    group: OfGroup = None,
    name: Name = None,
    on_behalf_of: For = None,
    outcome: Ended = None,
    code: Annotated[str | None, typer.Option(help="Only with this error, like model_not_found.")] = None,
    before: Annotated[str | None, typer.Option(help="Where the page before ended.")] = None,
    limit: Limit = 20,
) -> None:
    """Single requests, newest first."""
    query = _query(here, first, last, model, key_name, person, group, name, on_behalf_of, outcome)

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["requests"], REQUESTS, nothing="There is no such request.")
        if page["next"]:
            show.note(f"There are more: --before {page['next']}")

    found = here.get("usage/requests", request_id=request_id, code=code, before=before, limit=limit, **query)
    here.answer(found, as_text)


def _query(
    here: Session,
    first: str | None,
    last: str | None,
    model: str | None,
    key: str | None,
    person: str | None,
    group: str | None,
    name: str | None,
    on_behalf_of: str | None,
    outcome: str | None,
) -> dict[str, Any]:
    chosen = finding.address(finding.model(here, model)) if model is not None else {}
    return {
        "from": first,
        "to": last,
        **chosen,
        "key_id": None if key is None else finding.key(here, key)["id"],
        "person_id": None if person is None else finding.person(here, person)["id"],
        "group_id": None if group is None else finding.group(here, group)["id"],
        "name": name,
        "on_behalf_of": on_behalf_of,
        "outcome": outcome,
    }


def _reader(dimension: str) -> Callable[[Any], Any]:
    return lambda group: _label(group[dimension])


def _label(value: Any) -> Any:
    """What a row is called by people."""
    if not isinstance(value, dict):
        return value
    return next(value[field] for field in ("model_id", "slug", "email", "name") if field in value)


def _failed(used: dict[str, Any]) -> int:
    return int(used["requests"]) - int(used["outcomes"]["completed"])


SUMS = (
    Column("requests", "requests"),
    Column("not completed", _failed),
    Column("prompt tokens", "prompt_tokens"),
    Column("completion tokens", "completion_tokens"),
    Column("TTFT p50, ms", lambda row: row["ttft_ms"]["p50"]),
    Column("p95", lambda row: row["ttft_ms"]["p95"]),
    Column("duration, ms", "duration_ms"),
    Column("last (UTC)", "last_used_at"),
)
REQUESTS = (
    Column("at (UTC)", "at"),
    Column("request id", "request_id"),
    Column("key", lambda row: _label(row["key"])),
    Column("for", "on_behalf_of"),
    Column("name", "name"),
    Column("model", lambda row: _label(row["model"])),
    Column("outcome", "outcome"),
    Column("code", "code"),
    Column("tokens in", "prompt_tokens"),
    Column("out", "completion_tokens"),
    Column("TTFT, ms", "ttft_ms"),
    Column("duration, ms", "duration_ms"),
)
