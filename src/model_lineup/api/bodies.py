"""What all request bodies have in common: strict types, no unknown fields, bounded texts."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, FailFast, Field

from model_lineup.access.groups.members import MOST_GROUPS
from model_lineup.access.passwords import LEAST, MOST
from model_lineup.catalog.names import MODEL_ID_LENGTH

MOST_INTEGER = 2**53 - 1
"""The largest whole number that every JSON reader holds exactly (RFC 8259, section 6)."""


class Body(BaseModel):
    """Strict: `"1"` is not 1, `1` is not true; a field that is not known is refused, never ignored."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


def _without_defaults(schema: dict[str, Any]) -> None:
    for property_schema in schema.get("properties", {}).values():
        property_schema.pop("default", None)


class Patch(Body):
    """A body of which only what is said counts; the defaults of its fields mean nothing and are not documented."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)


def _printable(text: str) -> str:
    if any(character < " " or character == "\x7f" or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must hold no control characters")
    return text


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must hold no NUL character")
    return text


def _written_out(value: Any) -> Any:
    """Pydantic would take 0.5, and "0.5", for half a second after 1970."""
    if isinstance(value, str) and value[:4].isdigit() and value[4:5] == "-":
        return value
    raise ValueError("write a moment like 2030-01-31T12:00:00Z")


def pattern(expression: str) -> Any:
    """A pattern for the schema alone: what refuses it in words is elsewhere."""
    return Field(json_schema_extra={"pattern": expression})


Line = Annotated[str, AfterValidator(_printable), pattern(r"^[^\u0000-\u001f\u007f]*$")]
"""One line of text."""
Text = Annotated[str, AfterValidator(_no_nul), pattern(r"^[^\u0000]*$")]
"""Text that may have several lines."""
Name = Annotated[Line, Field(min_length=1, max_length=200)]
Description = Annotated[Text, Field(max_length=2_000)]
RowId = Annotated[int, Field(ge=1, le=MOST_INTEGER)]
ModelId = Annotated[Line, Field(min_length=1, max_length=MODEL_ID_LENGTH)]
"""The provider's own id of a model."""
Email = Annotated[Line, Field(min_length=3, max_length=254), pattern(r"^[^\s@]{1,64}@[^\s@]{1,189}$")]
NewPassword = Annotated[str, Field(min_length=LEAST, max_length=MOST)]
Moment = Annotated[datetime, Field(strict=False), BeforeValidator(_written_out)]
"""RFC 3339. Whether it needs its zone is for the room to say."""
RowIds = Annotated[list[RowId], Field(max_length=100_000), FailFast()]
"""The first that is none is reported alone: a hundred thousand errors take seconds to write down."""
GroupIds = Annotated[list[RowId], Field(max_length=MOST_GROUPS)]
"""Ids of groups, each of them once."""
Tokens = Annotated[int, Field(ge=1, le=10_000_000_000)]
"""A count of tokens."""


def said(body: Body) -> dict[str, Any]:
    """The fields that stood in the request, and only they: absent is not null."""
    return {name: getattr(body, name) for name in body.model_fields_set}
