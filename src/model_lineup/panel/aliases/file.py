"""What a file of aliases says: JSON as the API takes it, or CSV whose first line names the columns."""

import csv
import io
from typing import Any

from model_lineup.api.strict import strict_json
from model_lineup.errors import InvalidInput, MalformedJson

COLUMNS = ("alias", "model_id", "provider_id", "description")
NEEDED = COLUMNS[:2]
_FORMULA = ("'=", "'+", "'-", "'@")
"""How our own CSV files write what a spreadsheet would take for a formula."""


def items_of(text: str) -> list[Any]:
    """The items for `POST /api/admin/models/import-aliases`. Raises InvalidInput, which names the line or the place."""
    return _of_json(text) if text.lstrip()[:1] in ("{", "[") else _of_csv(text)


def _of_json(text: str) -> list[Any]:
    """A list, or an object with the list as `aliases`."""
    try:
        found = strict_json(text.encode())
    except MalformedJson as error:
        raise InvalidInput.at("text", error.detail) from None
    found = found.get("aliases") if isinstance(found, dict) else found
    if not isinstance(found, list) or not found:
        raise InvalidInput.at("text", 'a list like [{"alias": "fast", "model_id": "acme/small"}] is expected')
    return found


def _of_csv(text: str) -> list[Any]:
    first = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as error:
        raise InvalidInput.at("text", f"line {reader.line_num} is no CSV: {error}") from None
    head = [cell.strip().lower() for cell in lines[0][1]] if lines else []
    if missing := [name for name in NEEDED if name not in head]:
        known = ", ".join(COLUMNS)
        raise InvalidInput.at(
            "text", f"neither JSON, nor CSV whose first line names the columns {known}: {' and '.join(missing)} missing"
        )
    if strange := [name for name in head if name not in COLUMNS or head.count(name) > 1]:
        raise InvalidInput.at("text", f"the column {strange[0][:80]!r} is one too many; known are {', '.join(COLUMNS)}")
    if len(lines) < 2:
        raise InvalidInput.at("text", "the file names columns, but no alias")
    return [_item(head, number, line) for number, line in lines[1:]]


def _item(head: list[str], number: int, line: list[str]) -> dict[str, Any]:
    """An empty cell says nothing."""
    if len(line) > len(head) and any(cell.strip() for cell in line[len(head) :]):
        raise InvalidInput.at("text", f"line {number} has {len(line)} cells, and {len(head)} columns are named")
    cells = {name: _plain(cell.strip()) for name, cell in zip(head, line, strict=False)}
    item: dict[str, Any] = {name: cell for name, cell in cells.items() if cell or name in NEEDED}
    item = dict.fromkeys(NEEDED, "") | item
    if (provider := item.get("provider_id")) is not None:
        if not (provider.isascii() and provider.isdigit() and len(provider) < 16):
            raise InvalidInput.at("text", f"line {number}: provider_id must be a provider's number")
        item["provider_id"] = int(provider)
    return item


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith(_FORMULA) else cell
