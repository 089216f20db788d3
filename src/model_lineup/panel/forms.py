"""What a form sends, and its way into the bodies that the API takes.

A form knows only texts. `Form` gives them back as what they stand for; `validated` makes the API's body of them, so a
page refuses what the API refuses, in the same words, at the field that it concerns.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from model_lineup.api.problems import invalid_input
from model_lineup.errors import BadRequest, InvalidInput, LineupError, UnsupportedMediaType
from model_lineup.panel import multipart

MOST_FIELDS = 20_000
"""A page of models, each with its box, many times over."""
FORM = "application/x-www-form-urlencoded"
TAKES_FILES = frozenset(
    {"/admin/aliases/import", "/admin/settings/as-code", "/admin/models/catalogue", "/admin/runs/new/plan"}
)
B = TypeVar("B", bound=BaseModel)


class Form:
    """Fields by name; each may come several times."""

    def __init__(self, fields: Mapping[str, list[str]], files: Mapping[str, bytes] | None = None) -> None:
        self._fields = fields
        self._files = files or {}

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str) -> str:
        """Without the white space around it, line ends as they are in a file; empty when it is missing."""
        return self.raw(name).replace("\r\n", "\n").strip()

    def raw(self, name: str) -> str:
        """Exactly as typed: for passwords and keys."""
        return (self._fields.get(name) or [""])[-1]

    def many(self, name: str) -> list[str]:
        return self._fields.get(name, [])

    def file(self, name: str) -> bytes:
        """What the chosen file holds; empty when none was chosen."""
        return self._files.get(name, b"")

    def but(self, name: str, value: str) -> "Form":
        """The same with another value for one field."""
        return Form({**self._fields, name: [value]}, self._files)

    def names(self) -> list[str]:
        return list(self._fields)

    def flag(self, name: str) -> bool:
        """Whether a box is ticked, or a button says yes."""
        return self.text(name) in ("on", "true", "1", "yes")

    def whole(self, name: str) -> int | None:
        """A whole number; None when nothing was entered. Raises InvalidInput."""
        said = self.text(name).replace(" ", "").replace("\u202f", "")
        if not said:
            return None
        if not (said.lstrip("-").isascii() and said.lstrip("-").isdigit()) or len(said) > 19:
            raise InvalidInput.at(name, "must be a whole number")
        return int(said)

    def number(self, name: str) -> float | None:
        """A number; None when nothing was entered. Raises InvalidInput."""
        said = self.text(name)
        if not said:
            return None
        try:
            return float(said)
        except ValueError:
            raise InvalidInput.at(name, "must be a number") from None

    def wholes(self, name: str) -> list[int]:
        """Row ids of ticked boxes. Raises InvalidInput."""
        said = self.many(name)
        if not all(one.isascii() and one.isdigit() and len(one) < 17 for one in said):
            raise InvalidInput.at(name, "must be row ids")
        return [int(one) for one in said]


async def form_of(request: Request) -> Form:
    """The form that was sent. Raises UnsupportedMediaType, BadRequest."""
    body = await request.body()
    said = request.headers.get("content-type", "")
    kind = said.partition(";")[0].strip().lower()
    if kind == multipart.KIND and request.url.path in TAKES_FILES:
        return _with_files(body, said)
    if body and kind != FORM:
        raise UnsupportedMediaType(f"The panel's pages take {FORM}; the admin API under /api takes JSON.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise _unreadable() from None
    return Form(_by_name(pairs))


def _with_files(body: bytes, content_type: str) -> Form:
    found = multipart.parts(body, content_type)
    try:
        pairs = [(part.name, part.content.decode()) for part in found if part.filename is None]
    except UnicodeDecodeError:
        raise _unreadable() from None
    return Form(_by_name(pairs), {part.name: part.content for part in found if part.filename is not None})


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def _unreadable() -> BadRequest:
    return BadRequest("The form cannot be read: it is not UTF-8, or has too many fields.")


def validated(body: type[B], values: Mapping[str, Any]) -> B:
    """The API's body of these values. Raises InvalidInput naming the fields."""
    try:
        return body.model_validate(dict(values))
    except ValidationError as error:
        raise invalid_input(error.errors(), of_body=True) from None


def told(error: LineupError) -> str:
    """What stands above a form that is shown again: the fields by the names that people read, not by the API's."""
    fields = said_of_fields(error)
    if not fields:
        return error.detail
    return "; ".join(f"{_name(pointer)}: {message}" for pointer, message in list(fields.items())[:3]) + "."


def _name(pointer: str) -> str:
    """`limits/requests_per_minute` as `Requests per minute`."""
    return pointer.rpartition("/")[2].replace("_", " ").capitalize()


def said_of_fields(error: LineupError) -> dict[str, str]:
    """What is wrong, by the name of the field, for a form that is shown again."""
    found: list[dict[str, str]] = error.facts.get("errors", [])
    return {one["pointer"].lstrip("/"): one["message"] for one in found if one.get("pointer")}
