"""`lineup people` and `lineup create-admin`: who may sign in."""

from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import finding, secret, show
from model_lineup.cli.options import InGroup, Limit, NoGroups, Offset, PasswordStdin, said, shown_of, something
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("people", "Who may sign in, and what they may do.")

Which = Annotated[str, typer.Argument(metavar="PERSON", help="E-mail address or id.")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="E-mail address to sign in with.")]
Role = Literal["admin", "viewer", "user"]
AskPassword = Annotated[bool, typer.Option("--password", help="Ask for a password without showing it.")]

_WAYS = {"none": "nothing yet", "single_sign_on": "single sign-on", "both": "password, single sign-on"}
COLUMNS = (
    Column("id", "id"),
    Column("e-mail address", "email"),
    Column("role", "role"),
    Column("signs in by", lambda row: "disabled" if row["disabled"] else _WAYS.get(row["sign_in"], row["sign_in"])),
    Column("since", "created_at"),
)


def create_admin(here: Session, email: Email, password_stdin: PasswordStdin = False) -> None:
    """Make an administrator. It can be the first one of a new Lineup, or one more."""
    here.creates = True
    body = {"email": email, "role": "admin", "password": secret.password(password_stdin, who=email)}
    here.tell(here.post("people", body), f"{email} can sign in as an administrator.")


@verb(app, "list")
def list_people(here: Session, limit: Limit = 100, offset: Offset = 0) -> None:
    """Everybody who may sign in."""

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["people"], COLUMNS, nothing="Nobody yet. `lineup create-admin EMAIL` makes the first one.")
        if rest := shown_of(page, len(page["people"])):
            show.note(rest)

    here.answer(here.get("people", limit=limit, offset=offset), as_text)


@verb(app, "add", examples=["lineup people add ann@example.com --role viewer --password"])
def add_person(
    here: Session,
    email: Email,
    role: Annotated[Role, typer.Option(help="admin changes, viewer reads, user has own keys.")] = "user",
    password: AskPassword = False,
    password_stdin: PasswordStdin = False,
    group: InGroup = None,
) -> None:
    """Add a person; without a password this person cannot sign in yet."""
    wanted = secret.password(password_stdin, who=email) if password or password_stdin else None
    answer = here.post("people", said(email=email, role=role, password=wanted, groups=finding.groups(here, group)))
    hint = [] if wanted else [f"`lineup people change {email} --password` lets this person sign in."]
    here.tell(answer, f"Added {email} as {role} (id {answer.json['id']}).", *hint)


@verb(app, "change")
def change_person(
    here: Session,
    person: Which,
    email: Annotated[str | None, typer.Option(help="New e-mail address.")] = None,
    role: Annotated[Role | None, typer.Option(help="New role.", show_default=False)] = None,
    disable: Annotated[bool | None, typer.Option("--disable/--enable", help="Whether signing in is refused.")] = None,
    password: AskPassword = False,
    password_stdin: PasswordStdin = False,
    group: InGroup = None,
    no_groups: NoGroups = False,
    forget_sign_on: Annotated[
        bool | None,
        typer.Option("--forget-sign-on", help="The account for single sign-on is not this person's any more."),
    ] = None,
) -> None:
    """Change what is said. A new password, --disable and --forget-sign-on end all sessions at once."""
    row = finding.person(here, person)
    wanted = secret.password(password_stdin, who=row["email"]) if password or password_stdin else None
    groups = [] if no_groups else finding.groups(here, group)
    changed = said(email=email, role=role, disabled=disable, password=wanted, groups=groups)
    body = something({**changed, **said(forget_sign_on=forget_sign_on)})
    here.tell(here.put(f"people/{row['id']}", body), f"Changed {row['email']}.")


@verb(app, "delete")
def delete_person(here: Session, person: Which) -> None:
    """Delete a person; sessions and keys stop working at once."""
    row = finding.person(here, person)
    here.tell(here.delete(f"people/{row['id']}"), f"Deleted {row['email']}.")
