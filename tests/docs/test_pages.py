"""What holds for every page: its links lead somewhere, and its lines can be read in an editor."""

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="([^"]+)">')
_LONGEST = 120
_OTHERS = ("docs/decisions/000", "bench/", "requirements/", "CONTRIBUTING.md", "docs/glossary.md", "README.md")
"""Pages with longer lines, or with lines that are somebody else's to wrap."""


def _pages() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.splitlines() if (ROOT / name).is_file()]


def _links(page: Path) -> list[str]:
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    return [link for link in _LINK.findall(text) if "://" not in link and not link.startswith("mailto:")]


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them from headings: lower case, without punctuation, spaces as hyphens."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in _HEADING.findall(text)]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings} | set(
        _ANCHOR.findall(text)
    )


@pytest.mark.parametrize("name", _pages())
def test_every_relative_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    dead = []
    for link in _links(page):
        path, _, anchor = link.partition("#")
        target = page.parent / unquote(path) if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in _anchors(target)):
            dead.append(link)

    assert not dead


@pytest.mark.parametrize("name", [name for name in _pages() if not name.startswith(_OTHERS)])
def test_no_line_of_prose_is_too_long(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    long = [line for line in text.splitlines() if len(line) > _LONGEST and not line.startswith(("|", "<!--"))]

    assert not long


@pytest.mark.parametrize("folder", ["howto", "explanation", "decisions"])
def test_every_page_of_a_folder_is_in_its_index(folder: str) -> None:
    here = ROOT / "docs" / folder
    pages = {page.name for page in here.glob("*.md")} - {"README.md"}

    assert pages <= set(_links(here / "README.md"))


def test_every_reference_page_is_in_the_index() -> None:
    pages = {f"reference/{page.name}" for page in (ROOT / "docs/reference").glob("*.md")}

    assert pages <= set(_links(ROOT / "docs/README.md"))
