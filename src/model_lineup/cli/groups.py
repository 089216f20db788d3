"""`lineup groups`: who may use which models together; `lineup sees` and `lineup who-sees` tell what comes of it."""

from typing import Annotated, Any

import typer

from model_lineup.cli import completion, finding, show
from model_lineup.cli.keys import CostMonth, PerMinute, TokensMinute, TokensMonth, limits_of
from model_lineup.cli.misused import Misused
from model_lineup.cli.options import DryRun, Limit, Offset, said, shown_of, something
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("groups", "Groups of people and keys, the models that are limited to them, and limits that they share.")
Which = Annotated[str, typer.Argument(metavar="GROUP", help="Its id or name.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="For people; case does not count.")]
Description = Annotated[str | None, typer.Option(help="For people, in a sentence or two.")]
Person = Annotated[list[str] | None, typer.Option("--person", metavar="PERSON", help="Address or id; may be repeated.")]
Key = Annotated[list[str] | None, typer.Option("--member-key", metavar="KEY", help="Name or id; may be repeated.")]
Models = Annotated[
    list[str],
    typer.Argument(metavar="MODEL", help="Ids, model_ids or aliases.", autocompletion=completion.models),
]
DRY = "Dry run, nothing stored."
COLUMNS = (
    Column("id", "id"),
    Column("name", "name"),
    Column("people", "people"),
    Column("keys", "keys"),
    Column("models", "models"),
    Column("aliases", "aliases"),
    Column("limits", lambda row: ", ".join(f"{name} {value:,}" for name, value in row["limits"].items())),
)
MEMBERS = (
    Column("sort", "type"),
    Column("id", "id"),
    Column("name", "name"),
    Column("kind", "kind"),
    Column("owner", "owner"),
    Column("disabled", "disabled"),
)
SIGHTS = (
    Column("name", "name"),
    Column("alias of", "alias_of"),
    Column("provider", "provider"),
    Column("sees it", "sees"),
    Column("why", lambda row: row["reason"].replace("_", " ")),
    Column("groups", "groups"),
)


@verb(app, "list")
def list_groups(here: Session, limit: Limit = 100, offset: Offset = 0) -> None:
    """All groups, with how many belong to each and how much is limited to it."""

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["groups"], COLUMNS, nothing="No groups: everybody may use every visible model.")
        if rest := shown_of(page, len(page["groups"])):
            show.note(rest)

    here.answer(here.get("groups", limit=limit, offset=offset), as_text)


@verb(app, "members")
def list_members(here: Session, group: Which, limit: Limit = 100, offset: Offset = 0) -> None:
    """Who belongs to it: people, whose keys belong to it too, and keys by themselves."""
    row = finding.group(here, group)

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["members"], MEMBERS, nothing="Nobody belongs to it.")
        if rest := shown_of(page, len(page["members"])):
            show.note(rest)

    here.answer(here.get(f"groups/{row['id']}/members", limit=limit, offset=offset), as_text)


@verb(app, "create", examples=["lineup groups create research --cost-per-month 500"])
def create_group(
    here: Session,
    name: Name,
    description: Description = None,
    requests_per_minute: PerMinute = None,
    tokens_per_minute: TokensMinute = None,
    tokens_per_month: TokensMonth = None,
    cost_per_month: CostMonth = None,
) -> None:
    """Make a group. Limits are shared by all its keys."""
    limits = limits_of(requests_per_minute, tokens_per_minute, tokens_per_month, cost_per_month)
    answer = here.post("groups", said(name=name, description=description, limits=limits))
    here.tell(
        answer,
        f"Made the group {name!r} (id {answer.json['id']}).",
        f"`lineup groups add {answer.json['id']} --person ADDRESS` adds somebody.",
    )


@verb(app, "change", examples=["lineup groups change research --name science", "lineup groups change 1 --no-limits"])
def change_group(
    here: Session,
    group: Which,
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    description: Description = None,
    requests_per_minute: PerMinute = None,
    tokens_per_minute: TokensMinute = None,
    tokens_per_month: TokensMonth = None,
    cost_per_month: CostMonth = None,
    no_limits: Annotated[bool, typer.Option("--no-limits", help="Take all its limits away.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Rename, describe or limit it. Limits that you give replace all that it had."""
    limits = limits_of(requests_per_minute, tokens_per_minute, tokens_per_month, cost_per_month)
    body = said(name=name, description=description, limits=limits) | ({"limits": None} if no_limits else {})
    something(body)
    row = finding.group(here, group)
    done = f"Changed the group {row['name']!r}."
    here.tell(here.put(f"groups/{row['id']}", body, dry_run=dry_run), f"{DRY} {done}" if dry_run else done)


@verb(app, "delete")
def delete_group(here: Session, group: Which, dry_run: DryRun = False) -> None:
    """Delete it. Refused while models or aliases are limited to it."""
    row = finding.group(here, group)
    done = f"Deleted the group {row['name']!r}."
    here.tell(here.delete(f"groups/{row['id']}", dry_run=dry_run), f"{DRY} {done}" if dry_run else done)


@verb(app, "add", examples=["lineup groups add research --person ann@example.com --member-key my-agent"])
def add_members(
    here: Session, group: Which, person: Person = None, member_key: Key = None, dry_run: DryRun = False
) -> None:
    """Add people and keys; all of them or none."""
    _members(here, group, person, member_key, "", "added to", dry_run)


@verb(app, "remove")
def remove_members(
    here: Session, group: Which, person: Person = None, member_key: Key = None, dry_run: DryRun = False
) -> None:
    """Remove people and keys; it holds on the next request."""
    _members(here, group, person, member_key, "/remove", "removed from", dry_run)


@verb(app, "limit", examples=["lineup groups limit research gpt-4o claude-opus --dry-run"])
def limit_models(here: Session, group: Which, models: Models, dry_run: DryRun = False) -> None:
    """Let this group use models, and nobody who is in none of their groups."""
    row = finding.group(here, group)
    _limit(here, models, {"add": [row["id"]]}, f"limited to {row['name']!r}", dry_run)


@verb(app, "unlimit", examples=["lineup groups unlimit research gpt-4o"])
def unlimit_models(here: Session, group: Which, models: Models, dry_run: DryRun = False) -> None:
    """Take the group off models. A model that is left with no group is open to everybody."""
    row = finding.group(here, group)
    _limit(here, models, {"remove": [row["id"]]}, f"no longer limited to {row['name']!r}", dry_run)


def sees(
    here: Session,
    person: Annotated[str | None, typer.Option(help="Address or id of a person.")] = None,
    of_key: Annotated[str | None, typer.Option("--of-key", metavar="KEY", help="Name or id of a key.")] = None,
    group: Annotated[str | None, typer.Option(help="Name or id of a group.")] = None,
    q: Annotated[str | None, typer.Option(help="Part of a name.")] = None,
    not_seen: Annotated[bool, typer.Option("--not", help="What it does not see.")] = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> None:
    """What a person, a key or a group sees of all names, and why."""
    wanted = [(one, what) for one, what in ((person, "people"), (of_key, "keys"), (group, "groups")) if one is not None]
    if len(wanted) != 1:
        raise Misused("Say one of --person, --of-key and --group.")
    find = {"people": finding.person, "keys": finding.key, "groups": finding.group}
    where = f"{wanted[0][1]}/{find[wanted[0][1]](here, wanted[0][0])['id']}/models"
    query = said(q=q, limit=limit, offset=offset, seen="false" if not_seen else "true")

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["names"], SIGHTS, nothing="No name.")
        show.note(f"In {', '.join(page['groups']) or 'no group'}; sees {show.count(page['seen'], 'name')}.")
        if rest := shown_of(page, len(page["names"])):
            show.note(rest)

    here.answer(here.get(where, **query), as_text)


def who_sees(
    here: Session, name: Annotated[str, typer.Argument(metavar="NAME", help="What callers put into `model`.")]
) -> None:
    """Which people and keys may use a name."""

    def as_text(found: dict[str, Any]) -> None:
        whom = "everybody" if found["everyone"] else f"groups {', '.join(found['groups'])}"
        show.line(f"{name} is {found['model_id']} at {found['provider']}, for {whom}.")
        for what, total in (("people", "people_total"), ("keys", "keys_total")):
            names = ", ".join(one["name"] for one in found[what])
            more = ", …" if found[total] > len(found[what]) else ""
            show.line(f"{found[total]} {what}{': ' if names else ''}{names}{more}")

    here.answer(here.get("who-sees", name=name), as_text)


def _members(
    here: Session, group: str, people: list[str] | None, keys: list[str] | None, path: str, done: str, dry_run: bool
) -> None:
    if not (people or keys):
        raise Misused("Say whom: --person or --member-key.")
    row = finding.group(here, group)
    body = {
        "people": [finding.person(here, one)["id"] for one in people or []],
        "keys": [finding.key(here, one)["id"] for one in keys or []],
    }
    _tell(
        here, here.post(f"groups/{row['id']}/members{path}", body, dry_run=dry_run), "member", f"{done} {row['name']!r}"
    )


def _limit(here: Session, models: list[str], edit: dict[str, Any], done: str, dry_run: bool) -> None:
    body = {"model_ids": finding.models(here, models), **edit}
    _tell(here, here.put("models/bulk/groups", body, dry_run=dry_run), "model", done)


def _tell(here: Session, answer: Any, what: str, done: str) -> None:
    def as_text(result: dict[str, Any]) -> None:
        lead = f"{DRY} " if result["dry_run"] else ""
        change = f" Change {result['change_id']}." if result["change_id"] else ""
        show.line(f"{lead}{show.count(result['changed'], what)} {done}.{change}")
        if impact := result.get("impact"):
            show.line(show.impact_in_words(impact))

    here.answer(answer, as_text)
