"""`lineup webhooks`: where notices are sent, and what became of them; `… notices` shows what there was to tell."""

import os
from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import show
from model_lineup.cli.misused import Misused
from model_lineup.cli.options import Limit, Offset, nothing, said, shown_of, something
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import FAILED, noun, verb

app = noun("webhooks", "Where Lineup sends word of models and credentials that fail, go or end.")
Which = Annotated[int, typer.Argument(metavar="ID", min=1, help="`lineup webhooks list` shows them.")]
Format = Literal["json", "slack"]
Scope = Literal["public", "private", "loopback"]
Event = Annotated[
    list[str] | None, typer.Option("--event", metavar="EVENT", help="Only these; may be repeated; none: all of them.")
]
SecretEnv = Annotated[
    str | None, typer.Option(metavar="NAME", help="Environment variable with the secret that signs what is sent.")
]
COLUMNS = (
    Column("id", "id"),
    Column("name", "name"),
    Column("to", "origin"),
    Column("format", "format"),
    Column("events", lambda row: row["events"] or "all"),
    Column("signed", "secret_set"),
    Column("enabled", "enabled"),
)
DELIVERIES = (
    Column("id", "id"),
    Column("event", "kind"),
    Column("status", "status"),
    Column("tries", "attempts"),
    Column("HTTP", "http_status"),
    Column("why", "message"),
    Column("at (UTC)", "at"),
    Column("said", "text"),
)
NOTICES = (Column("id", "id"), Column("event", "kind"), Column("at (UTC)", "at"), Column("said", "text"))


@verb(app, "list")
def list_webhooks(here: Session, limit: Limit = 100, offset: Offset = 0) -> None:
    """Where notices are sent. The addresses themselves are not shown: many are secrets."""

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["webhooks"], COLUMNS, nothing="No webhooks. `lineup webhooks add` adds one.")

    here.answer(here.get("webhooks", limit=limit, offset=offset), as_text)


@verb(
    app,
    "add",
    examples=[
        "HOOK=https://hooks.slack.com/services/… lineup webhooks add team --url-env HOOK --format slack",
        "lineup webhooks add pager https://pager.example.com/lineup --event credential_failing",
    ],
)
def add_webhook(
    here: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="For people.")],
    address: Annotated[str | None, typer.Argument(metavar="URL", help="Where to send to.")] = None,
    url_env: Annotated[str | None, typer.Option(metavar="NAME", help="Environment variable with the URL.")] = None,
    secret_env: SecretEnv = None,
    format: Annotated[Format, typer.Option(help="What is sent.")] = "json",
    event: Event = None,
    network_scope: Annotated[Scope | None, typer.Option(help="Where it may stand.", show_default=False)] = None,
) -> None:
    """Add an address. It gets what happens from now on."""
    where = address or _of_environment(url_env)
    if where is None:
        raise Misused("Say the URL, or the environment variable that holds it with --url-env.")
    secret = _of_environment(secret_env)
    body = {
        **said(name=name, url=where, secret=secret, format=format, network_scope=network_scope),
        "events": event or [],
    }
    answer = here.post("webhooks", body)
    made = answer.json["id"]
    here.tell(answer, f"Added webhook {made}.", f"`lineup webhooks test {made}` sends a test.")


@verb(app, "change", examples=["lineup webhooks change 1 --disable"])
def change_webhook(
    here: Session,
    webhook: Which,
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    url_env: Annotated[str | None, typer.Option(metavar="NAME", help="Environment variable with the new URL.")] = None,
    secret_env: SecretEnv = None,
    format: Annotated[Format | None, typer.Option(help="What is sent.", show_default=False)] = None,
    no_secret: Annotated[bool, typer.Option("--no-secret", help="Sign no more.")] = False,
    event: Event = None,
    all_events: Annotated[bool, typer.Option("--all-events", help="Send everything again.")] = False,
    enable: Annotated[bool | None, typer.Option("--enable/--disable", help="Send to it, or not.")] = None,
    network_scope: Annotated[Scope | None, typer.Option(help="Where it may stand.", show_default=False)] = None,
) -> None:
    """Change what is said and nothing else."""
    if (no_secret and secret_env) or (all_events and event):
        raise Misused("Say either --no-secret or --secret-env, and either --all-events or --event.")
    body = said(
        name=name,
        url=_of_environment(url_env),
        secret=_of_environment(secret_env),
        format=format,
        events=[] if all_events else event,
        enabled=enable,
        network_scope=network_scope,
    ) | (nothing(["secret"]) if no_secret else {})
    here.tell(here.put(f"webhooks/{webhook}", something(body)), f"Changed webhook {webhook}.")


@verb(app, "delete")
def delete_webhook(here: Session, webhook: Which) -> None:
    """Send nothing there any more."""
    here.tell(here.delete(f"webhooks/{webhook}"), f"Deleted webhook {webhook}.")


@verb(app, "test")
def check_webhook(here: Session, webhook: Which) -> None:
    """Send a test to it. The exit code is 1 when it does not arrive."""
    answer = here.post(f"webhooks/{webhook}/test")

    def as_text(found: dict[str, Any]) -> None:
        show.line(f"{'Delivered' if found['delivered'] else 'Not delivered'}: {found['message']}")

    here.answer(answer, as_text)
    if not answer.json["delivered"]:
        raise typer.Exit(FAILED)


@verb(app, "deliveries")
def list_deliveries(here: Session, webhook: Which, limit: Limit = 20, offset: Offset = 0) -> None:
    """What was sent there, newest first, and how it ended."""

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["deliveries"], DELIVERIES, nothing="Nothing was sent there yet.")
        if rest := shown_of(page, len(page["deliveries"])):
            show.note(rest)

    here.answer(here.get(f"webhooks/{webhook}/deliveries", limit=limit, offset=offset), as_text)


@verb(app, "notices")
def list_notices(
    here: Session,
    event: Annotated[str | None, typer.Option(metavar="EVENT", help="Only these, like model_vanished.")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> None:
    """What there was to tell, newest first, whether or not anybody was sent it."""

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["notices"], NOTICES, nothing="Nothing has happened.")
        if rest := shown_of(page, len(page["notices"])):
            show.note(rest)

    here.answer(here.get("notices", kind=event, limit=limit, offset=offset), as_text)


def _of_environment(name: str | None) -> str | None:
    """Raises Misused for a variable that is not set."""
    if name is None:
        return None
    if not (value := os.environ.get(name)):
        raise Misused(f"The environment variable {name} is not set.")
    return value
