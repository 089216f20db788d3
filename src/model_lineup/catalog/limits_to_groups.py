"""Which groups a model or an alias is limited to, as a row keeps it: `,3,17,`; nothing where everybody may use it.

With a comma on both sides a search finds a group's number and no longer one that holds it.
"""

from collections.abc import Iterable


def stored(groups: Iterable[int]) -> str | None:
    """The column's text; ascending, so that equal limits are equal text."""
    ids = sorted(set(groups))
    return f",{','.join(map(str, ids))}," if ids else None


def groups_of(text: str | None) -> list[int]:
    """What `stored` was made of; empty for everybody."""
    return [] if text is None else [int(one) for one in text.strip(",").split(",")]


def part(group_id: int) -> str:
    """What stands in the text of everything that is limited to this group."""
    return f",{int(group_id)},"
