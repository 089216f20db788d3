"""Words and tables on the terminal. Plain where standard output is none: full width, no colour, one row a line."""

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

UNKNOWN = "–"
_WIDE = 4096
_CONTROL = ({*range(0x20), *range(0x7F, 0xA0)} - {ord("\n")}) | {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_DASHED = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
"""For terminals that cannot spell the rule under the head of a table."""
_STEERING = dict.fromkeys(_CONTROL, "\ufffd")


class Column(NamedTuple):
    """`value` is a member of the row, or what makes the cell of it."""

    name: str
    value: str | Callable[[Any], Any]

    def of(self, row: Any) -> Any:
        return row.get(self.value) if isinstance(self.value, str) else self.value(row)


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """Made anew each time: standard output may be another one in the next moment (tests, pipes)."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream, width=width or (None if stream.isatty() else _WIDE), highlight=False, markup=False, emoji=False
    )


def line(text: str = "", *, style: str = "") -> None:
    console().print(Text(printable(text), style=style), soft_wrap=True)


def note(text: str) -> None:
    """Beside the answer, so on standard error."""
    console(stderr=True).print(Text(printable(text), style="dim"), soft_wrap=True)


def error(text: str) -> None:
    console(stderr=True).print(Text.assemble(("Error: ", "bold red"), printable(text)), soft_wrap=True)


def raw(body: bytes) -> None:
    """JSON as it came, with a line end."""
    if body:
        sys.stdout.write(body.decode("utf-8", "replace").rstrip("\n") + "\n")


def rows(found: Iterable[Any], columns: Sequence[Column], *, nothing: str) -> None:
    """A table, or the words for none."""
    cells = [[column.of(row) for column in columns] for row in found]
    if cells:
        table(cells, [column.name for column in columns])
    else:
        line(nothing)


def table(cells: Sequence[Sequence[Any]], names: Sequence[str], *, to_stderr: bool = False) -> None:
    """Numbers stand on the right. A row stays one line: folded cells can be neither read across nor copied."""
    ruled = _DASHED if console(stderr=to_stderr).options.ascii_only else box.SIMPLE_HEAD
    made = Table(box=ruled, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for place, name in enumerate(names):
        numbers = all(_is_number(row[place]) for row in cells) and any(row[place] is not None for row in cells)
        made.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in cells:
        made.add_row(*(Text(printable(cell(value))) for value in row))
    _print(made, to_stderr=to_stderr, width=_WIDE)


def facts(pairs: Iterable[tuple[str, Any]]) -> None:
    """One thing: its fields, one a line; what is None is left out."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        if value is not None:
            made.add_row(name, Text(printable(cell(value))))
    _print(made)


def cell(value: Any) -> str:
    """Short and readable: moments to the second in UTC, yes and no, lists with commas."""
    if value is None or value == "" or value == []:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list | tuple):
        return ", ".join(cell(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {cell(inner)}" for name, inner in value.items())
    return moment(value) if isinstance(value, str) else str(value)


def number(value: float | None, unit: str = "") -> str:
    """Three figures that count, as much as a person compares."""
    if value is None:
        return UNKNOWN
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}{unit}"


def moment(text: str) -> str:
    """An ISO time as UTC to the second; any other text as it is."""
    if len(text) < 20 or text[4:5] != "-" or text[10:11] != "T":
        return text
    try:
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return text


def printable(text: str) -> str:
    """What others named must not steer the terminal or turn its text around: such characters become a sign."""
    return text.translate(_STEERING)


def count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"


def _print(made: Table, *, to_stderr: bool = False, width: int | None = None) -> None:
    """Without the spaces that fill the last column, which hurt whoever cuts and compares."""
    where = console(stderr=to_stderr, width=width)
    with where.capture() as captured:
        where.print(made)
    where.file.write("\n".join(line.rstrip(" ") for line in captured.get().split("\n")))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def impact_in_words(impact: dict[str, Any]) -> str:
    """Of a dry run."""
    keys, requests = count(impact["keys"], "key"), count(impact["requests_30d"], "request")
    agents = f" ({impact['agent_keys']} of them agents')" if impact.get("agent_keys") else ""
    aliases = count(impact["aliases"], "alias", "aliases")
    return f"It would meet {aliases}, and {keys}{agents} with {requests} in the last 30 days.{losing_in_words(impact)}"


def losing_in_words(impact: dict[str, Any]) -> str:
    """Who may use something now and could not any more; empty where no groups are changed."""
    lost = impact.get("losing")
    if lost is None:
        return ""
    if not lost["people"] and not lost["keys"]:
        return " Nobody would lose sight of anything."
    said = f"{count(lost['people'], 'person', 'people')} and {count(lost['keys'], 'key')}"
    names = [*lost["people_named"], *lost["keys_named"]]
    more = ", …" if len(names) < lost["people"] + lost["keys"] else ""
    return f" {said} would lose sight of something: {', '.join(names)}{more}."
