"""Generates docs/reference/ from the code: `python -m tools.docs` writes, with `--check` it only compares.

One maker per page, in `docs_*.py`; a page has nothing in it that is not said in the code, and nothing that depends on
the machine or the moment. A page whose maker is gone is deleted. What a page says about the whole file it also says
to those who open it: not to be edited.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tools import (
    docs_api,
    docs_cli,
    docs_drills,
    docs_errors,
    docs_kinds,
    docs_metrics,
    docs_settings,
    docs_user_surface,
)

FOLDER = Path("docs/reference")
MAKERS: Mapping[str, Callable[[], str]] = {
    "api.md": docs_api.page,
    "cli.md": docs_cli.page,
    "drills.md": docs_drills.page,
    "errors.md": docs_errors.page,
    "metrics.md": docs_metrics.page,
    "provider-kinds.md": docs_kinds.page,
    "settings.md": docs_settings.page,
    "user-surface.md": docs_user_surface.page,
}
"""File → what makes its text."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is not as it would be")
    wanted = pages()
    if parser.parse_args(arguments).check:
        return _complain(stale(FOLDER, wanted))
    for path in write(FOLDER, wanted):
        print(path)
    return 0


def pages() -> dict[str, str]:
    """The text of every page."""
    return {name: make() for name, make in MAKERS.items()}


def stale(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """What is missing, differs, or should not be there, one sentence each."""
    found = [_difference(folder / name, text) for name, text in wanted.items()]
    left_over = [f"{path} has nothing in the code any more" for path in _left_over(folder, wanted)]
    return [one for one in found if one] + left_over


def write(folder: Path, wanted: Mapping[str, str]) -> list[Path]:
    """Write what differs and delete what is left over; what was touched."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = [folder / name for name, text in wanted.items() if _difference(folder / name, text)]
    for path in changed:
        path.write_text(wanted[path.name], encoding="utf-8")
    gone = _left_over(folder, wanted)
    for path in gone:
        path.unlink()
    return changed + gone


def _difference(path: Path, text: str) -> str | None:
    if not path.is_file():
        return f"{path} is missing"
    return None if path.read_text(encoding="utf-8") == text else f"{path} is not what the code says"


def _left_over(folder: Path, wanted: Mapping[str, str]) -> list[Path]:
    return [path for path in sorted(folder.glob("*.md")) if path.name not in wanted and path.name != "README.md"]


def _complain(problems: Sequence[str]) -> int:
    for problem in problems:
        print(problem)
    if problems:
        print("The reference is generated: run `make docs`, look at what changed, and commit it with your change.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
