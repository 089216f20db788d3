"""A change that is previewed, staged for a moment instead: what the form says of the moment and of the announcement."""

from datetime import UTC, datetime

from model_lineup.changes.staged.shapes import Announcement, NewStaged, StagedChange, Wanted
from model_lineup.errors import InvalidInput
from model_lineup.journal.record import Author
from model_lineup.journal.shapes import Receipt
from model_lineup.panel.forms import Form
from model_lineup.rooms import Rooms

FIELDS = ("at", "announce", "message", "successor")
LONGEST = 500


def stage(there: Rooms, form: Form, wanted: Wanted, by: Author, *, confirm: bool) -> tuple[StagedChange, Receipt]:
    """Raises LineupError, as the API does."""
    new = NewStaged(wanted=wanted, at=_moment(form.text("at")), announce=_announcement(form))
    return there.staging.stage(new, by, confirm=confirm)


def entered(form: Form) -> dict[str, str]:
    return {name: form.text(name) for name in FIELDS}


def _announcement(form: Form) -> Announcement | None:
    message = form.text("message")
    if len(message) > LONGEST or any(character < " " for character in message):
        raise InvalidInput.at("message", f"one line of at most {LONGEST} characters")
    if not form.flag("announce"):
        return None
    return Announcement(message=message or None, successor_id=form.whole("successor"))


def _moment(text: str) -> datetime:
    """What a browser's field for a local time sends; here it is UTC. Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput.at("at", "say a day and a time, like 2027-01-31T12:00 (UTC)") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
