"""Builds the documentation as a static site: `python -m tools.site [FOLDER]`, which `make site` runs.

The pages are the Markdown files of the repository, as they are; the navigation follows from the folders. Sphinx reads
them through MyST. A link that leads nowhere, an anchor that is not there, and a page that no list leads to are errors.
The site asks nothing of the network, and works under any path and from a folder.
"""

import functools
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import SphinxError

from model_lineup import __version__

ROOT = Path(__file__).resolve().parent.parent
BESIDE = {"CHANGELOG.md": "changelog.md", "SECURITY.md": "security.md", "CONTRIBUTING.md": "contributing.md"}
SECTIONS = {
    "Learn": ["Tutorial <tutorial>"],
    "How to": ["howto/README"],
    "Understand": ["explanation/README", "glossary"],
    "Look up": ["reference/README"],
    "The project": ["changelog", "security", "contributing", "decisions/README"],
}
CONFIGURATION: dict[str, Any] = {
    "project": "Lineup",
    "author": "The Lineup authors",
    "version": __version__,
    "release": __version__,
    "extensions": ["myst_parser"],
    "root_doc": "index",
    "html_theme": "furo",
    "html_title": "Lineup",
    "html_copy_source": False,
    "html_css_files": ["site.css"],
    "html_show_copyright": False,
    "html_show_sphinx": False,
    "html_static_path": [str(Path(__file__).with_name("site.css"))],
    "html_show_sourcelink": False,
    "html_permalinks_icon": "#",
    "html_theme_options": {"source_edit_link": "", "source_view_link": ""},
    "myst_heading_anchors": 4,
    "highlight_language": "none",
    "smartquotes": False,
    "suppress_warnings": ["misc.highlighting_failure"],  # colours of what a console shows, no fault of a page
}
_LINK = re.compile(r"(!?)\[([^\[\]]*)\]\(((?!https?:|mailto:|#)[^)\s]+)\)")


def build(folder: Path) -> None:
    """The site into `folder`, which is made anew. Raises SphinxError naming what is wrong, and where."""
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        stage(source)
        app = Sphinx(
            str(source),
            None,
            str(folder),
            str(Path(scratch) / "doctrees"),
            "html",
            confoverrides=CONFIGURATION,
            status=None,
            warning=sys.stderr,
            freshenv=True,
            warningiserror=True,
        )
        app.build()
        if app.statuscode:
            raise SphinxError("The site has the faults that are listed above.")
    for leftover in (".buildinfo", "objects.inv"):
        (folder / leftover).unlink(missing_ok=True)


def stage(source: Path) -> None:
    """The pages as Sphinx takes them: `docs/` at the top, the files beside it next to them, and lists of contents."""
    shutil.copytree(ROOT / "docs", source)
    for name, page in BESIDE.items():
        shutil.copy(ROOT / name, source / page)
    (source / "README.md").rename(source / "index.md")
    reference = source / "reference/README.md"
    if not reference.exists():
        reference.write_text("# Reference\n\nGenerated from the code.\n", "utf-8")
    for file in list(source.rglob("*.md")):
        text = _LINK.sub(functools.partial(_link, page=file, source=source), file.read_text("utf-8"))
        file.write_text(text + "".join(contents(file.relative_to(source))), "utf-8")


def contents(page: Path) -> Iterator[str]:
    """The lists of pages below this one, which become the navigation."""
    if page == Path("index.md"):
        for caption, below in SECTIONS.items():
            yield _toctree(below, f":caption: {caption}", ":hidden:")
    elif page.name == "README.md":
        shown = [":maxdepth: 1"] if page.parent == Path("reference") else [":hidden:"]
        yield _toctree(["*"], ":glob:", *shown)


def _toctree(below: list[str], *options: str) -> str:
    return "\n".join(["\n\n```{toctree}", *options, "", *below, "```", ""])


def _link(found: re.Match[str], page: Path, source: Path) -> str:
    """A link as it is in the repository, led to where the page stands in the site."""
    picture, label, address = found.groups()
    target, _, anchor = address.partition("#")
    wanted = (_in_repository(page, source).parent / target).resolve()
    moved = {ROOT / name: source / new for name, new in BESIDE.items()} | {ROOT / "docs/README.md": source / "index.md"}
    if wanted in moved:
        there = moved[wanted]
    elif wanted.is_relative_to(ROOT / "docs"):
        there = source / wanted.relative_to(ROOT / "docs")
    else:
        return label  # a file of the repository that is no page; tests/docs/test_pages.py looks whether it is there
    if not picture and there.suffix not in ("", ".md"):
        return label
    there = there / "README.md" if there.is_dir() else there
    path = Path(*[".."] * len(page.relative_to(source).parent.parts)) / there.relative_to(source)
    return f"{picture}[{label}]({path.as_posix()}{'#' + anchor if anchor else ''})"


def _in_repository(page: Path, source: Path) -> Path:
    originals = {new: ROOT / name for name, new in BESIDE.items()} | {"index.md": ROOT / "docs/README.md"}
    name = page.relative_to(source).as_posix()
    return originals.get(name, ROOT / "docs" / name)


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else ROOT / "build/site"
    try:
        build(folder)
    except SphinxError as error:
        print(f"site: {error}", file=sys.stderr)
        return 1
    print(f"The site is in {folder}; open {folder / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
