"""The reference page of the settings, from the fields of `Settings`."""

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from model_lineup.settings import PREFIX, Settings
from tools.docs_markdown import code, joined, prose, table
from tools.docs_markdown import page as whole_page

UNITS = {"_s": "seconds", "_minutes": "minutes", "_days": "days", "_mib": "MiB"}
_INTRODUCTION = f"""
Each setting can come from four places; the first that says something counts: an option of the command line (where the
command has one), the environment (`{PREFIX}PORT=9000`), the settings file (`port = 9000`), the default. The file is the
one that `{PREFIX}CONFIG` names, or `lineup.toml` in the data directory, where it may be missing. An environment
variable that is set to nothing counts as absent.

A name that is not in this table stops the start, in the file as in the environment: a misspelt setting would otherwise
silently do nothing. So does a value that is out of its range. The message names the setting and where it came from.
"""
_OTHER = f"""
These variables are no settings, and have no place in the file: `{PREFIX}CONFIG` names the settings file; `{PREFIX}URL`
and `{PREFIX}KEY` are the address and the admin key with which the command line reaches a remote server.
"""


def page() -> str:
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    head = ("In the file", "In the environment", "Type", "Unit", "Default", "Range", "What it is")
    return whole_page(
        "Settings", "src/model_lineup/settings.py", prose(_INTRODUCTION), table(head, rows), prose(_OTHER)
    )


def _row(name: str, field: FieldInfo) -> list[str]:
    return [
        code(name),
        code(PREFIX + name.upper()),
        _type(field.annotation),
        next((unit for ending, unit in UNITS.items() if name.endswith(ending)), ""),
        _default(field),
        " ".join(_bounds(field)),
        joined(field.description),
    ]


def _type(annotation: Any) -> str:
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(_type(option) for option in get_args(annotation) if option is not type(None))
    words = {int: "whole number", float: "number", str: "text", Path: "path", SecretStr: "secret text", bool: "flag"}
    return words[annotation]


def _default(field: FieldInfo) -> str:
    if field.default is None:
        return "none"
    return code(f"{field.default:g}" if isinstance(field.default, float) else field.default)


def _bounds(field: FieldInfo) -> Iterator[str]:
    for bound in field.metadata:
        for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
            value = getattr(bound, name, None)
            if value is not None:
                yield f"{sign} {value:,}".replace(",", " ")
        pattern = getattr(bound, "pattern", None)
        if pattern is not None:
            yield ", ".join(code(word) for word in pattern.strip("^$()").split("|"))
