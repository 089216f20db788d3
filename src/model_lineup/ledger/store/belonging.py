"""SQL that says of keys to which groups they belong, as usage by group and of one group needs it."""

from sqlalchemy import ColumnElement, Subquery, Table, select, union

from model_lineup.access.tables import group_members, groups, keys

_NOW = (group_members.c.member == 1, groups.c.deleted_at.is_(None))


def of_keys() -> Subquery:
    """`key_id`, `group_id`: each key with each group that it, or its owner, belongs to now; each pair once. Keys that
    were revoked since are in it: what they used was used by the group."""
    members = group_members.join(groups, groups.c.id == group_members.c.group_id)
    themselves = select(group_members.c.key_id, group_members.c.group_id).select_from(members)
    theirs = select(keys.c.id, group_members.c.group_id)
    theirs = theirs.select_from(members.join(keys, keys.c.owner_id == group_members.c.person_id))
    return union(themselves.where(*_NOW, group_members.c.key_id.is_not(None)), theirs.where(*_NOW)).subquery(
        "belonging"
    )


def of_group(each: Table, group_id: int) -> ColumnElement[bool]:
    """The rows of `usage_days` or `usage_entries` whose key belongs to this group."""
    belonging = of_keys()
    return each.c.key_id.in_(select(belonging.c.key_id).where(belonging.c.group_id == group_id))
