"""SQL of capabilities."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select, update

from model_lineup.database.upsert import upsert
from model_lineup.database.values import in_numbers
from model_lineup.probes.records import CapabilityFinding
from model_lineup.probes.tables import capabilities

_decode = msgspec.json.Decoder(CapabilityFinding).decode


class Known(NamedTuple):
    """Of one capability. `basis`: what `standing` was found about."""

    standing: CapabilityFinding | None
    basis: str
    tried: CapabilityFinding


def keep(connection: Connection, model_row: int, finding: CapabilityFinding, basis: str) -> None:
    """A finding that decides nothing leaves the one that stands as it is."""
    written = msgspec.json.encode(finding).decode()
    key = {"model_row": model_row, "capability": finding.capability}
    if finding.verdict == "undecided":
        again = update(capabilities).filter_by(**key).values(tried=written).returning(capabilities.c.model_row)
        if connection.execute(again).one_or_none() is None:
            upsert(connection, capabilities, key, {"tried": written, "basis": basis})
        return
    upsert(connection, capabilities, key, {"tried": written, "standing": written, "basis": basis})


def standing(connection: Connection, model_rows: Sequence[int]) -> dict[int, dict[str, tuple[CapabilityFinding, str]]]:
    """The verdicts that stand, each with what it was found about; by model row, then by capability."""
    found = known(connection, model_rows)
    return {
        row: {name: (one.standing, one.basis) for name, one in of_row.items() if one.standing is not None}
        for row, of_row in found.items()
    }


def tested(connection: Connection) -> list[int]:
    """Models that were ever tested."""
    return list(connection.execute(select(capabilities.c.model_row).distinct()).scalars())


def known(connection: Connection, model_rows: Sequence[int]) -> dict[int, dict[str, Known]]:
    """By model row, then by capability."""
    found: dict[int, dict[str, Known]] = {row: {} for row in model_rows}
    query = select(capabilities).where(in_numbers(connection, capabilities.c.model_row, model_rows))
    for row in connection.execute(query):
        standing = None if row.standing is None else _decode(row.standing)
        found[row.model_row][row.capability] = Known(standing, row.basis, _decode(row.tried))
    return found
