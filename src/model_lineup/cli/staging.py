"""Options that stage a change instead of making it: when, what callers hear until then, and whom they turn to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import typer

from model_lineup.cli import finding, show
from model_lineup.cli.misused import Misused
from model_lineup.cli.options import said
from model_lineup.cli.session import Session

At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="Not now but then: 2027-01-31, or with a time; UTC by default."),
]
Announce = Annotated[
    str | None, typer.Option("--announce", metavar="TEXT", help="Tell callers until then; empty: without words.")
]
AnnounceFrom = Annotated[
    str | None, typer.Option("--announce-from", metavar="TIME", help="From when on; from now on by default.")
]
Successor = Annotated[str | None, typer.Option(metavar="MODEL", help="What callers are told to use instead.")]


class Later(NamedTuple):
    """What was said of the moment; `at` None: now, and then nothing else may be said."""

    at: str | None
    announce: str | None
    announce_from: str | None
    successor: str | None

    def refuse_now(self) -> None:
        """Raises Misused for words to callers about a change that is made at once."""
        if self.at is None and any(one is not None for one in self[1:]):
            raise Misused("--announce, --announce-from and --successor go with --at.")


def stage(here: Session, change: Mapping[str, Any], later: Later, *, dry_run: bool = False, confirm: bool) -> None:
    """Keep this change for its moment, and say so."""
    assert later.at is not None  # nosec B101
    body = {"change": dict(change), "at": moment(later.at, "--at")}
    announce = said(
        message=later.announce or None,
        starts_at=None if later.announce_from is None else moment(later.announce_from, "--announce-from"),
        successor_id=None if later.successor is None else finding.model(here, later.successor)["id"],
    )
    if announce or later.announce is not None:
        body["announce"] = announce
    here.answer(here.post("staged", body, dry_run=dry_run, confirm=confirm), tell_staged)


def tell_staged(staged: dict[str, Any]) -> None:
    is_rehearsed = staged.get("dry_run")
    lead = "Dry run, nothing stored. " if is_rehearsed else ""
    number = "" if is_rehearsed else f" Staged change {staged['id']}; `lineup staged cancel {staged['id']}` ends it."
    show.line(f"{lead}{staged['title']} at {show.cell(staged['at'])} UTC.{number}")
    if announce := staged["announce"]:
        show.line(f"Callers are told from {show.cell(announce['starts_at'])} UTC on.")
    show.line(show.impact_in_words(staged["impact_when_staged"]))


def moment(text: str, option: str) -> str:
    """Raises Misused."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Misused(f"{option} takes a date or a time like 2027-01-31T12:00:00Z, not {text!r}.") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()
