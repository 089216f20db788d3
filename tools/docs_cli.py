"""The reference page of the command line, from the Typer application."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from model_lineup.cli import app
from model_lineup.cli.place import PANEL
from tools.docs_markdown import code, joined, prose, table
from tools.docs_markdown import page as whole_page

_INTRODUCTION = """
`lineup` is also installed as `model-lineup`. It works on the data folder here, also while a server runs on it, or with
`--url` and an admin key on a server elsewhere. `lineup COMMAND --help` shows on a terminal what stands here.

A command ends with 0 when it did what it was asked, with 1 when it did not, with 2 when it was called in a way that it
does not know, and with 78 when Lineup refuses to start like this.
"""
_HEAD = ("Name", "Value", "Default", "What")


def page() -> str:
    root = typer.main.get_command(app)
    return whole_page(
        "Command line", "src/model_lineup/cli/", prose(_INTRODUCTION), *(_section(*one) for one in _commands(root))
    )


def _commands(command: Any, name: str = "lineup") -> Iterator[tuple[str, Any]]:
    """Every command with its whole name, groups before what is in them; hidden ones are left out."""
    yield name, command
    for word, inner in getattr(command, "commands", {}).items():
        if not inner.hidden:
            yield from _commands(inner, f"{name} {word}")


def _section(name: str, command: Any) -> str:
    """The options of every verb stand with `lineup` itself; a verb only names those that it takes."""
    inside, is_group = name.count(" "), hasattr(command, "commands")
    common = [one for one in command.params if inside and one.rich_help_panel == PANEL]
    own = [one for one in command.params if one not in common and not one.hidden]
    arguments = [_placeholder(one) for one in own if one.param_type_name == "argument"]
    options = ["[OPTIONS]"] if any(one.param_type_name == "option" for one in own) else []
    usage = " ".join([name, *options, *arguments, *(["COMMAND"] if is_group else [])])
    blocks = [
        f"##{'#' if inside else ''} {name}",
        prose(command.help),
        f"```text\n{usage}\n```",
        table(_HEAD, map(_row, own)),
        _also(common),
        _examples(command.epilog),
    ]
    return "\n\n".join(block for block in blocks if block)


def _row(parameter: Any) -> list[str]:
    is_argument = parameter.param_type_name == "argument"
    name = code(_placeholder(parameter)) if is_argument else _names(parameter)
    return [name, _kind(parameter), "" if is_argument else _default(parameter), joined(parameter.help)]


def _names(option: Any) -> str:
    return ", ".join(map(code, [*option.opts, *option.secondary_opts]))


def _also(common: list[Any]) -> str:
    return f"Also {', '.join(map(_names, common))}, as [above](#lineup)." if common else ""


def _examples(epilog: str | None) -> str:
    """The lines of an epilog that holds examples."""
    lines = [line.strip() for line in (epilog or "").splitlines() if line.startswith("  ")]
    return "\n".join(["```bash", *lines, "```"]) if lines else ""


def _placeholder(argument: Any) -> str:
    name = str(argument.metavar or argument.name).upper().strip("[]")
    name = f"{name}…" if argument.nargs == -1 else name
    return name if argument.required else f"[{name}]"


def _kind(parameter: Any) -> str:
    """What to write behind an option: nothing for a switch, else the type of the function's parameter."""
    if getattr(parameter, "is_flag", False):
        return ""
    bounds = [f"{parameter.min} or more"] if parameter.min is not None else []
    bounds += [f"at most {parameter.max}"] if parameter.max is not None else []
    several = ["may be repeated"] if parameter.multiple else []
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
