"""The static site: every page in it, no fault in it, and nothing that asks the network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.counts import HARD
from tools import site

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.hard,
    pytest.mark.skipif(not HARD, reason="Sphinx reads every page for it, 20 s; the docs workflow builds the site, too"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "html"
    done = made(folder, ROOT)
    assert done.returncode == 0, done.stderr
    return folder


def made(folder: Path, root: Path) -> "subprocess.CompletedProcess[str]":
    """In a process of its own, for Sphinx keeps what it registers."""
    script = (
        "import sys; from pathlib import Path; from tools import site; "
        "site.ROOT = Path(sys.argv[2]); sys.exit(site.main(sys.argv[1:2]))"
    )
    command = [sys.executable, "-c", script, str(folder), str(root)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_page_is_in_the_site_and_in_its_navigation(built: Path) -> None:
    pages = [page.relative_to(ROOT / "docs").with_suffix(".html") for page in (ROOT / "docs").rglob("*.md")]
    start = (built / "index.html").read_text()
    for page in [*pages, Path("changelog.html"), Path("security.html"), Path("contributing.html")]:
        if page != Path("README.html"):
            assert (built / page).is_file(), page
            assert f'href="{page.as_posix()}"' in start, page


def test_no_page_asks_another_host_and_every_address_is_relative(built: Path) -> None:
    for page in built.rglob("*.html"):
        text = page.read_text()
        loaded = re.findall(r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="([^"]*)"', text)
        assert loaded
        assert [address for address in loaded if re.match(r"(?:[a-z]+:)?//|/", address)] == [], page
    for sheet in built.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", sheet.read_text()) == [], sheet


def test_words_are_found_without_a_server(built: Path) -> None:
    index = (built / "searchindex.js").read_text()
    for word in ("benchmark", "alias", "postgresql"):
        assert f'"{word}"' in index or f"{word}:" in index, word


def test_what_leads_nowhere_and_what_nothing_leads_to_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    pages = {
        "docs/README.md": "# Start\n\n[lost](nowhere.md)",
        "docs/tutorial.md": "# Tutorial\n\n[lost](glossary.md#no-such-word)",
        "docs/glossary.md": "# Glossary",
        "docs/alone.md": "# Alone",
        **{f"docs/{folder}/README.md": "# Here" for folder in ("howto", "explanation", "decisions", "reference")},
        **{f"docs/{folder}/page.md": "# Page" for folder in ("howto", "explanation", "decisions", "reference")},
        **dict.fromkeys(site.BESIDE, "# Beside"),
    }
    for name, text in pages.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    done = made(tmp_path / "html", root)
    assert done.returncode == 1
    faults = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert [fault for fault in faults if "nowhere.md" in fault and "index.md" in fault]
    assert [fault for fault in faults if "no-such-word" in fault and "tutorial.md" in fault]
    assert [fault for fault in faults if "toctree" in fault and "alone.md" in fault]
    assert len(faults) == 3, done.stderr
