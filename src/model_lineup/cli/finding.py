"""From what somebody typed to the row that is meant, through the API; never a guess."""

from collections.abc import Sequence
from typing import Any

from model_lineup.cli.client import Refused
from model_lineup.cli.session import Session

Row = dict[str, Any]


def model(here: Session, said: str) -> Row:
    """The model of a row id, an alias, `slug/model_id` or a `model_id`, in this order. Raises Refused.

    Unlike a call of a user, a `model_id` at several providers is refused with the candidates.
    """
    if _is_id(said) and (found := _or_none(here, f"models/{said}")) is not None:
        return found
    step = here.get("resolve", name=said).json["steps"][-1]
    if step["model"] is not None and step["rule"] != "model_id":
        row: Row = here.get(f"models/{step['model']['id']}").json
        return row
    by_id: Row = here.get("models/by-id", model_id=said).json
    return by_id


def models(here: Session, said: Sequence[str]) -> list[int]:
    """Row ids, each once, in the order said."""
    return list(dict.fromkeys(int(model(here, one)["id"]) for one in said))


def address(row: Row) -> dict[str, Any]:
    """The query that means this model to `…/models/by-id`."""
    return {"model_id": row["model_id"], "provider_id": row["provider_id"]}


def provider(here: Session, said: str) -> Row:
    """By row id, slug or name."""
    return _the_one(here.every("providers", "providers"), said, ("slug", "name"), "provider", "lineup providers list")


def key(here: Session, said: str) -> Row:
    return _the_one(here.every("keys", "keys"), said, ("name",), "key", "lineup keys list")


def person(here: Session, said: str) -> Row:
    return _the_one(here.every("people", "people"), said, ("email",), "person", "lineup people list")


def group(here: Session, said: str) -> Row:
    return _the_one(here.every("groups", "groups"), said, ("name",), "group", "lineup groups list")


def groups(here: Session, said: Sequence[str] | None) -> list[int] | None:
    """Ids of groups that options name; None where none do."""
    return [int(group(here, one)["id"]) for one in said] if said else None


def alias(here: Session, said: str) -> Row:
    """Spelt like this, whatever the case."""
    return _the_one(here.every("aliases", "aliases"), said, ("alias",), "alias", "lineup aliases list")


def _the_one(rows: Sequence[Row], said: str, fields: Sequence[str], what: str, where: str) -> Row:
    """The row of this id; else the only one that has this text, without regard to case. Raises Refused."""
    by_id = [row for row in rows if _is_id(said) and row["id"] == int(said)]
    if by_id:
        return by_id[0]
    for field in fields:
        found = [row for row in rows if str(row[field]).lower() == said.lower()]
        if len(found) == 1:
            return found[0]
        if found:
            candidates = [{"id": row["id"], field: row[field]} for row in found]
            detail = f"{len(found)} have the {field} {said!r}; say the id."
            raise Refused({"code": "ambiguous", "detail": detail, "candidates": candidates})
    raise Refused({"code": "not_found", "detail": f"There is no {what} {said!r}. `{where}` shows them."})


def _or_none(here: Session, path: str) -> Row | None:
    try:
        found: Row = here.get(path).json
    except Refused as refused:
        if refused.problem.get("status") == 404:
            return None
        raise
    return found


def _is_id(said: str) -> bool:
    return said.isascii() and said.isdigit() and 0 < int(said) < 2**63 if len(said) < 20 else False
