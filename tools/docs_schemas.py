"""JSON schemas in words, with a section for each shape that was mentioned."""

import json
from collections.abc import Iterator
from typing import Any

from tools.docs_markdown import code, joined, prose, table

Schema = dict[str, Any]
_LARGE = 2.0**53
_WORDS = {"integer": "whole number", "string": "text", "boolean": "true or false", "null": "null", "number": "number"}


class Schemas:
    """The components of one OpenAPI document. Remembers which of them were mentioned."""

    def __init__(self, document: Schema) -> None:
        self._components: dict[str, Schema] = document["components"]["schemas"]
        self._mentioned: dict[str, None] = {}

    def kind(self, schema: Schema) -> str:
        """What a value of this schema is: `whole number, 1 – 100`, a list of words, or a link to its shape."""
        if "$ref" in schema:
            return self._link(schema["$ref"].rpartition("/")[2])
        if "allOf" in schema:
            return " with ".join(self.kind(option) for option in schema["allOf"])
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return " or ".join(self.kind(option) for option in schema[choice])
        if "enum" in schema:
            return " · ".join(code(value) for value in schema["enum"])
        if "const" in schema:
            return code(schema["const"])
        return ", ".join(part for part in (self._plain(schema), _bounds(schema)) if part)

    def default(self, schema: Schema) -> str:
        value = schema.get("default")
        return "" if value is None or value in ([], {}) else code(json.dumps(value))

    def words(self, schema: Schema) -> str:
        """What a field is for, wherever the schema says it."""
        said = [schema, *schema.get("anyOf", [])]
        return joined(next((str(one["description"]) for one in said if one.get("description")), ""))

    def fields(self, schema: Schema) -> Iterator[tuple[str, bool, Schema]]:
        """Name, whether it is required, and schema of each field of an object, or of the object behind a reference."""
        for option in schema.get("anyOf", [schema]):
            here = self._components[option["$ref"].rpartition("/")[2]] if "$ref" in option else option
            for name, field in here.get("properties", {}).items():
                yield name, name in here.get("required", []), field

    def sections(self) -> Iterator[str]:
        """One section for each shape that was mentioned, and for those that these mention, by name."""
        made: dict[str, str] = {}
        while waiting := sorted(self._mentioned.keys() - made.keys()):
            for name in waiting:
                made[name] = self._section(name)
        yield from (made[name] for name in sorted(made))

    def _section(self, name: str) -> str:
        schema = self._components[name]
        rows = [[code(field), self.kind(inner), self.words(inner)] for field, _, inner in self.fields(schema)]
        about = prose(schema.get("description", "")) or ("" if rows else f"One of {self.kind(schema)}.")
        return "\n\n".join(part for part in (f"### {name}", about, table(("Field", "Type", "What"), rows)) if part)

    def _link(self, name: str) -> str:
        self._mentioned.setdefault(name)
        return f"[{name}](#{name.lower()})"

    def _plain(self, schema: Schema) -> str:
        kind = schema.get("type")
        if kind == "array":
            if "prefixItems" in schema:
                return "list of " + ", ".join(self.kind(item) for item in schema["prefixItems"])
            return f"list of {self.kind(schema.get('items', {}))}"
        if kind == "object":
            inner = schema.get("additionalProperties")
            return f"object of {self.kind(inner)}" if isinstance(inner, dict) and inner else "object"
        if schema.get("format") == "date-time":
            return "moment (RFC 3339)"
        return _WORDS.get(str(kind), "anything")


def _bounds(schema: Schema) -> str:
    kind = schema.get("type")
    if kind == "string":
        return _between(schema, "minLength", "maxLength", " characters") or _pattern(schema)
    if kind == "array":
        return _between(schema, "minItems", "maxItems", " of them")
    least = "exclusiveMinimum" if "exclusiveMinimum" in schema else "minimum"
    return _between(schema, least, "maximum")


def _between(schema: Schema, least: str, most: str, unit: str = "") -> str:
    low: float | None = schema.get(least)
    high: float | None = schema.get(most)
    parts = []
    if low is not None:
        parts.append(f"more than {_number(low)}" if "exclusive" in least else f"{_number(low)} or more")
    if high is not None and high < _LARGE:
        parts.append(f"at most {_number(high)}")
    if low is not None and high is not None and high < _LARGE and "exclusive" not in least:
        parts = [f"{_number(low)} to {_number(high)}"]
    return ", ".join(parts) + (unit if parts else "")


def _pattern(schema: Schema) -> str:
    return code(schema["pattern"]) if "pattern" in schema else ""


def _number(value: float) -> str:
    return f"{int(value):,}".replace(",", " ") if float(value).is_integer() else f"{value:g}"
