"""`lineup keys`: credentials of applications, agents and scripts."""

from datetime import timedelta
from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import finding, show
from model_lineup.cli.options import InGroup, Limit, NoGroups, Offset, said, shown_of, something
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("keys", "Keys of applications, agents and scripts.")

Which = Annotated[str, typer.Argument(metavar="KEY", help="Its id or name; never the key itself.")]
Days = Annotated[int | None, typer.Option("--expires-in-days", min=1, max=36500, help="It ends after so many days.")]
PerMinute = Annotated[int | None, typer.Option(min=1, help="Requests per minute.")]
TokensMinute = Annotated[int | None, typer.Option(min=1, help="Tokens per minute.")]
TokensMonth = Annotated[int | None, typer.Option(min=1, help="Tokens per month.")]
CostMonth = Annotated[float | None, typer.Option(min=0, help="US dollars per month.")]
Trusted = Annotated[
    bool | None,
    typer.Option("--trusted-front-end/--not-trusted", help="Whether it is believed for which of its users it asks."),
]

COLUMNS = (
    Column("id", "id"),
    Column("name", "name"),
    Column("kind", "kind"),
    Column("role", "role"),
    Column("ends in", lambda row: f"…{row['last4']}"),
    Column("limits", lambda row: row["limits"] or None),
    Column("trusted", lambda row: row["trusted_front_end"] or None),
    Column("expires", "expires_at"),
    Column("disabled", "disabled"),
    Column("made", "created_at"),
)


@verb(app, "list")
def list_keys(here: Session, limit: Limit = 100, offset: Offset = 0) -> None:
    """All keys, without their secrets."""

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["keys"], COLUMNS, nothing="No keys yet. `lineup keys create` makes one.")
        if rest := shown_of(page, len(page["keys"])):
            show.note(rest)

    here.answer(here.get("keys", limit=limit, offset=offset), as_text)


@verb(
    app,
    "create",
    examples=[
        "lineup keys create my-agent --kind agent --requests-per-minute 60 --cost-per-month 25",
        "LINEUP_KEY=$(lineup keys create deploy-script --kind admin --expires-in-days 90)",
    ],
)
def create_key(
    here: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="For people: who uses it.")],
    kind: Annotated[Literal["user", "agent", "admin"], typer.Option(help="admin: for this API and --url.")] = "user",
    role: Annotated[
        Literal["admin", "viewer"] | None, typer.Option(help="Of an admin key; viewers only read.", show_default=False)
    ] = None,
    expires_in_days: Days = None,
    requests_per_minute: PerMinute = None,
    tokens_per_minute: TokensMinute = None,
    tokens_per_month: TokensMonth = None,
    cost_per_month: CostMonth = None,
    trusted_front_end: Trusted = None,
    group: InGroup = None,
) -> None:
    """Make a key. It is printed this once, alone on standard output."""
    limits = limits_of(requests_per_minute, tokens_per_minute, tokens_per_month, cost_per_month)
    words: dict[str, Any] = {"role": role, "limits": limits, "trusted_front_end": trusted_front_end}
    words |= {"groups": finding.groups(here, group)}
    body = said(name=name, kind=kind, expires_at=_end(expires_in_days), **words)

    def as_text(made: dict[str, Any]) -> None:
        show.note(f"Made the {kind} key {name!r} (id {made['id']}). This is the only time that it is shown:")
        show.line(made["key"])

    here.answer(here.post("keys", body), as_text)


@verb(app, "change")
def change_key(
    here: Session,
    which: Which,
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    disable: Annotated[bool | None, typer.Option("--disable/--enable", help="Whether it is refused.")] = None,
    expires_in_days: Days = None,
    never_expires: Annotated[bool, typer.Option("--never-expires", help="Take its end away.")] = False,
    requests_per_minute: PerMinute = None,
    tokens_per_minute: TokensMinute = None,
    tokens_per_month: TokensMonth = None,
    cost_per_month: CostMonth = None,
    trusted_front_end: Trusted = None,
    group: InGroup = None,
    no_groups: NoGroups = False,
    no_limits: Annotated[bool, typer.Option("--no-limits", help="Take all its limits away.")] = False,
) -> None:
    """Rename, limit, disable a key, or set when it ends. Limits that you give replace all that it had."""
    limits = limits_of(requests_per_minute, tokens_per_minute, tokens_per_month, cost_per_month)
    words = {"limits": limits, "trusted_front_end": trusted_front_end}
    body = said(name=name, disabled=disable, expires_at=_end(expires_in_days), **words)
    body |= {"expires_at": None} if never_expires else {}
    body |= {"limits": None} if no_limits else {}
    body |= {"groups": []} if no_groups else said(groups=finding.groups(here, group))
    something(body)
    row = finding.key(here, which)
    here.tell(here.put(f"keys/{row['id']}", body), f"Changed the key {row['name']!r}.")


@verb(app, "delete")
def delete_key(here: Session, which: Which) -> None:
    """Revoke a key for good; it stops working on the next request."""
    row = finding.key(here, which)
    here.tell(here.delete(f"keys/{row['id']}"), f"Revoked the key {row['name']!r}.")


def limits_of(
    requests_per_minute: int | None,
    tokens_per_minute: int | None,
    tokens_per_month: int | None,
    cost_per_month: float | None,
) -> dict[str, Any] | None:
    given = said(
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        tokens_per_month=tokens_per_month,
        cost_per_month=cost_per_month,
    )
    return given or None


def _end(days: int | None) -> str | None:
    from model_lineup.clock import SystemClock

    return None if days is None else (SystemClock().now() + timedelta(days=days)).isoformat()
