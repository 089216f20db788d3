"""What a change set did, in words."""

from collections.abc import Iterable

from sqlalchemy import Connection

from model_lineup.journal import store
from model_lineup.journal.shapes import ChangeSet
from model_lineup.panel import wording

VERBS = {
    "create": "made",
    "change": "changed",
    "delete": "deleted",
    "restore": "restored",
    "retire": "retired",
    "fetch": "fetched",
    "import": "imported",
    "probe": "tested",
    "test_capabilities": "tested the capabilities of",
    "undo": "took back a change of",
    "bulk.delete": "deleted",
    "bulk.visible": "switched the visibility of",
    "bulk.listed": "switched the listing of",
    "bulk.agents_enabled": "switched agents' use of",
}
OPERATIONS = {
    "staged.stage": "made",
    "staged.cancel": "cancelled",
    "staged.carry_out": "carried out a change of",
    "staged.refuse": "refused to carry out",
    "plans.apply": "applied a plan to",
    "catalogues.refresh": "took into use",
    "groups.members.add": "added",
    "groups.members.remove": "ended",
    "catalogues.use": "changed which catalogue is in use:",
}
"""Where the last word of the operation alone would say too little."""
NOUNS = {"membership": "the membership of"}
READ_AGAIN = "read the catalogues again for"
WHOLE = {
    "setup": "set the server up",
    "providers.reorder": "put the providers in another order",
    "journal.compact": "removed old contents of the journal",
}
"""Operations whose rows say nothing more."""


FEW = 50
"""Rows of a change that is named by its first."""


def told(connection: Connection, changes: Iterable[ChangeSet]) -> list[tuple[ChangeSet, str]]:
    """Each with what it did, in words."""
    found = list(changes)
    first = store.first_rows(connection, [one.id for one in found if one.touched <= FEW])
    return [(one, in_words(one, first.get(one.id))) for one in found]


def in_words(change: ChangeSet, first: tuple[str, str] | None) -> str:
    """What a change did, as people say it: `made key ci`. `first`: entity and label of the first row that it touched,
    None where that is not known."""
    if change.operation in WHOLE:
        return WHOLE[change.operation]
    noun, _, rest = change.operation.partition(".")
    verb = VERBS.get(rest, "changed" if rest.startswith("bulk.") else change.operation)
    verb = OPERATIONS.get(change.operation, verb)
    if change.operation == "catalogues.refresh" and (first is None or first[0] == "model"):
        verb = READ_AGAIN
    if first is None:
        return f"{verb} {wording.plural(change.touched, 'model' if noun == 'models' else 'row')}"
    more = f" and {wording.plural(change.touched - 1, 'more row')}" if change.touched > 1 else ""
    named = NOUNS.get(first[0], first[0].replace("_", " "))
    return f"{verb} {named} {wording.brief(first[1])}{more}"
