"""Options that several verbs share."""

from typing import Annotated, Any

import typer

from model_lineup.cli.client import Refused
from model_lineup.cli.misused import Misused

Limit = Annotated[int, typer.Option(min=1, max=1000, help="Rows at most.")]
Offset = Annotated[int, typer.Option(min=0, help="Rows to skip.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Do everything, report it, and take it back.")]
Confirm = Annotated[bool, typer.Option("--confirm", help="Accept that names in use change their meaning.")]
Terminate = Annotated[
    bool, typer.Option("--terminate", help="End running requests that may no longer be asked under their name.")
]
InGroup = Annotated[
    list[str] | None,
    typer.Option("--group", metavar="GROUP", help="Name or id of a group; may be repeated, and says all of them."),
]
NoGroups = Annotated[bool, typer.Option("--no-groups", help="In no group; for a model or an alias: for everybody.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def pairs(said: list[str] | None, option: str) -> dict[str, str] | None:
    """`NAME=VALUE` each. Raises Misused."""
    if not said:
        return None
    if wrong := next((one for one in said if "=" not in one), None):
        raise Misused(f"{option} takes NAME=VALUE, not {wrong!r}.")
    return {name: value for name, _, value in (one.partition("=") for one in said)}


def numbers(said: list[str] | None, option: str) -> dict[str, float] | None:
    """`NAME=SECONDS` each. Raises Misused."""
    found = pairs(said, option)
    try:
        return None if found is None else {name: float(value) for name, value in found.items()}
    except ValueError as error:
        raise Misused(f"{option} takes NAME=SECONDS: {error}.") from None


def said(**values: Any) -> dict[str, Any]:
    """The fields that were given; a body says nothing of the others."""
    return {name: value for name, value in values.items() if value is not None}


def nothing(names: list[str] | None) -> dict[str, None]:
    """Fields that are to be taken away, spelt as options or as the API does."""
    return {name.replace("-", "_"): None for name in names or ()}


def something(body: dict[str, Any]) -> dict[str, Any]:
    """Raises Misused for a change that changes nothing."""
    if not body:
        raise Misused("Say what to change; --help lists the options.")
    return body


def shown_of(page: dict[str, Any], shown: int) -> str:
    """What a list leaves out; empty when it leaves out nothing."""
    total = page["total"]
    if page["offset"] == 0 and shown >= total:
        return ""
    first = page["offset"] + 1
    return f"{first}–{first + shown - 1} of {total}; --limit and --offset show others." if shown else f"0 of {total}."


def refuse(code: str, detail: str) -> Refused:
    """A refusal of the command line's own, in the API's shape."""
    return Refused({"code": code, "detail": detail})
