"""Turns the files of npm packages into those that the panel serves: no data: images, no maps, one file of icons."""

import difflib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

LIBRARIES = ["basecoat-css", "htmx.org", "lucide-static", "uplot"]
_DATA_IMAGE = re.compile(
    r"""url\(\s*(?:"data:image/svg\+xml;utf8,((?:[^"\\]|\\.)*)"|'data:image/svg\+xml;utf8,((?:[^'\\]|\\.)*)')\s*\)"""
)
_CSS_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_MAP = re.compile(r"^\s*(?://|/\*)# sourceMappingURL=.*$\n?", re.MULTILINE)
_SVG = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)
_SPRITE = '<svg xmlns="http://www.w3.org/2000/svg">\n{}\n</svg>\n'
_SYMBOL = (
    '<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
    ' stroke-linecap="round" stroke-linejoin="round">{shape}</symbol>'
)


class NoIcon(Exception):
    """The message names the icon and those with a similar name."""


def write_panel(packages: Path, icons: str, to: Path) -> None:
    """Write everything into the folder `to`. Raises NoIcon, and OSError when a package has other files than it had."""
    basecoat = (packages / "basecoat-css/dist/basecoat.cdn.min.css").read_text("utf-8")
    style, images = without_data_images(basecoat)
    (to / "basecoat.css").write_text(style, "utf-8")
    for name, image in images.items():
        (to / name).write_text(image, "utf-8")
    (to / "htmx.js").write_text(without_map((packages / "htmx.org/dist/htmx.min.js").read_text("utf-8")), "utf-8")
    sse = (packages / "htmx.org/dist/ext/hx-sse.min.js").read_text("utf-8")
    (to / "htmx-sse.js").write_text(without_map(sse), "utf-8")
    (to / "uplot.js").write_text(without_map((packages / "uplot/dist/uPlot.iife.min.js").read_text("utf-8")), "utf-8")
    shutil.copyfile(packages / "uplot/dist/uPlot.min.css", to / "uplot.css")
    (to / "icons.svg").write_text(sprite(packages / "lucide-static/icons", icons), "utf-8")
    (to / "LICENSES.txt").write_text("\n\n".join(licences(packages)), "utf-8")


def without_data_images(style: str) -> tuple[str, dict[str, str]]:
    """The style with relative addresses in place of its embedded SVG images, and these by file name.

    A policy without `data:` shows them then. Raises ValueError for an embedded image of another sort.
    """
    images: dict[str, str] = {}

    def moved(found: re.Match[str]) -> str:
        image = unquote(_CSS_ESCAPE.sub(_unescaped, found[1] or found[2]))
        known = {content: name for name, content in images.items()}
        name = known.get(image, f"img-{len(images) + 1}.svg")
        images[name] = image
        return f'url("{name}")'

    style = _DATA_IMAGE.sub(moved, style)
    if "data:" in style:
        raise ValueError(f"An embedded image is not an SVG: {style[style.index('data:') :][:60]}")
    return style, images


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return "" if found[2] == "\n" else found[2]


def without_map(script: str) -> str:
    """Developer tools would ask for the map, which is not there."""
    return _MAP.sub("", script)


def sprite(folder: Path, listed: str) -> str:
    """One SVG with a symbol for each icon of the list: `<use href="icons.svg#name">`. Raises NoIcon."""
    symbols = []
    for line in listed.splitlines():
        if line and not line.startswith("#"):
            name, _, lucide = line.partition(" ")
            symbols.append(_SYMBOL.format(name=name, shape=_shape(folder, lucide or name)))
    return _SPRITE.format("\n".join(symbols))


def _shape(folder: Path, icon: str) -> str:
    file = folder / f"{icon}.svg"
    if not file.exists():
        near = difflib.get_close_matches(icon, [file.stem for file in folder.glob("*.svg")])
        raise NoIcon(f"lucide has no icon {icon!r}" + (f"; it has {', '.join(near)}" if near else ""))
    found = _SVG.search(file.read_text("utf-8"))
    if found is None:
        raise NoIcon(f"lucide's {icon!r} is not the drawing that was expected")
    return re.sub(r"\s*\n\s*", "", found[1])


def licences(packages: Path) -> Iterator[str]:
    """Name, version and licence text of each library that is passed on."""
    for library in LIBRARIES:
        folder = packages / library
        about = json.loads((folder / "package.json").read_text("utf-8"))
        text = next(iter(sorted(folder.glob("LICENSE*")))).read_text("utf-8").strip()
        yield f"{library} {about['version']} ({about['license']})\n\n{text}\n"
