"""The reference page of the command line, from the Typer application; no page while there is none."""

import importlib
import subprocess
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from tools.docs_markdown import code, joined, prose, table
from tools.docs_markdown import page as whole_page

_INTRODUCTION = """
`lineup` is also installed as `model-lineup`. `lineup COMMAND --help` shows the same on a terminal.
"""


def page() -> str | None:
    """None as long as no command line is committed."""
    if not _is_committed():
        return None
    command = typer.main.get_command(importlib.import_module("model_lineup.cli").app)
    return whole_page(
        "Command line", "src/model_lineup/cli/", prose(_INTRODUCTION), *(_section(*one) for one in _commands(command))
    )


def _is_committed() -> bool:
    command = ["git", "ls-files", "--error-unmatch", "src/model_lineup/cli/__init__.py"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def _commands(command: Any, name: str = "lineup") -> Iterator[tuple[str, Any]]:
    """Every command with its whole name, groups before what is in them; hidden ones are left out."""
    yield name, command
    for word, inner in getattr(command, "commands", {}).items():
        if not inner.hidden:
            yield from _commands(inner, f"{name} {word}")


def _section(name: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument" and not one.hidden]
    usage = " ".join([name, *map(_placeholder, arguments), *(["COMMAND"] if hasattr(command, "commands") else [])])
    options = [one for one in command.params if one.param_type_name == "option" and not getattr(one, "hidden", False)]
    rows = [[code(_placeholder(one)), _kind(one), "", joined(one.help)] for one in arguments]
    rows += [
        [" ".join(map(code, [*one.opts, *one.secondary_opts])), _kind(one), _default(one), joined(one.help)]
        for one in options
    ]
    blocks = [
        f"## {name}",
        prose(command.help),
        f"```\n{usage}\n```",
        table(("Name", "Value", "Default", "What"), rows),
    ]
    return "\n\n".join(block for block in blocks if block)


def _placeholder(argument: Any) -> str:
    name = str(argument.metavar or argument.name).upper().strip("[]")
    return name if argument.required else f"[{name}]"


def _kind(parameter: Any) -> str:
    """What to write behind an option: nothing for a switch, else the type of the function's parameter."""
    if getattr(parameter, "is_flag", False):
        return ""
    bounds = [f"{parameter.min} or more"] if parameter.min is not None else []
    bounds += [f"at most {parameter.max}"] if parameter.max is not None else []
    several = ["may be repeated"] if parameter.multiple or parameter.nargs == -1 else []
    return ", ".join([_type(parameter.type_descriptor.annotation), *bounds, *several])


def _type(annotation: Any) -> str:
    inner = [_type(one) for one in get_args(annotation) if one is not type(None)]
    if get_origin(annotation) is Literal:
        return " · ".join(code(value) for value in get_args(annotation))
    if inner:
        return " or ".join(inner)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " · ".join(code(one.value) for one in annotation)
    return {int: "whole number", float: "number", Path: "path", bool: "`true` · `false`"}.get(annotation, "text")


def _default(option: Any) -> str:
    value = option.default.value if isinstance(option.default, Enum) else option.default
    worth_saying = isinstance(value, str | int | float) and value != "" and value is not False
    return code(value) if worth_saying and option.show_default else ""
