"""What all request bodies have in common: strict types, no unknown fields, bounded texts."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MOST_INTEGER = 2**63 - 1


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


Line = Annotated[str, AfterValidator(_printable)]
"""One line of text."""
Text = Annotated[str, AfterValidator(_no_nul)]
"""Text that may have several lines."""
Name = Annotated[Line, Field(min_length=1, max_length=200)]
Description = Annotated[Text, Field(max_length=2_000)]
RowId = Annotated[int, Field(ge=1, le=MOST_INTEGER)]
RowIds = Annotated[list[RowId], Field(max_length=100_000)]
Tokens = Annotated[int, Field(ge=1, le=10_000_000_000)]
"""A count of tokens."""


def said(body: Body) -> dict[str, Any]:
    """The fields that stood in the request, and only they: absent is not null."""
    return {name: getattr(body, name) for name in body.model_fields_set}
