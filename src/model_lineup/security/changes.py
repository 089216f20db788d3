"""Changes of people and keys as events: read off the journal's change sets, so that none can be forgotten."""

from collections.abc import Iterator, Sequence

from model_lineup.journal.record import Author
from model_lineup.journal.shapes import Entry
from model_lineup.security.log import SecurityLog
from model_lineup.security.shapes import SecurityEvent
from model_lineup.security.visit import Visit


class ChangesAsEvents:
    """Listens to the journal. The change is done; an event that cannot be written does not undo it."""

    def __init__(self, log: SecurityLog) -> None:
        self._log = log

    def __call__(self, author: Author, operation: str, entries: Sequence[Entry]) -> None:
        visit = Visit(author.address, author.user_agent, author.request_id)
        for entry in [entry for entry in entries if entry.entity in ("key", "person")]:
            for event in _events(operation, entry):
                details: dict[str, object] = {entry.entity: entry.label, "id": entry.entity_id}
                if event in (SecurityEvent.PERSON_CHANGED, SecurityEvent.KEY_CHANGED):
                    details["fields"] = sorted({*entry.before, *entry.after})
                self._log.note_by_itself(event, visit, actor=author.label, **details)


def _events(operation: str, entry: Entry) -> Iterator[SecurityEvent]:
    if entry.entity == "key":
        yield _of(entry, "kind", SecurityEvent.KEY_MADE, SecurityEvent.KEY_CHANGED, SecurityEvent.KEY_REVOKED)
    if entry.entity == "person":
        if operation == "setup":
            yield SecurityEvent.SETUP_DONE
        if "password" in entry.after:  # stands there when it was replaced
            yield SecurityEvent.PASSWORD_CHANGED
        if not entry.after or set(entry.after) - {"password", "password_set"}:
            made, changed, gone = (
                SecurityEvent.PERSON_MADE,
                SecurityEvent.PERSON_CHANGED,
                SecurityEvent.PERSON_DELETED,
            )
            yield _of(entry, "email", made, changed, gone)


def _of(entry: Entry, always: str, made: SecurityEvent, changed: SecurityEvent, gone: SecurityEvent) -> SecurityEvent:
    """`always`: a field that every new row has and that a change names on both sides."""
    if always in entry.after and always not in entry.before:
        return made
    return changed if entry.after and "deleted" not in entry.after else gone
