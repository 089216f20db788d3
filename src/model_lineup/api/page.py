"""The frame of the two plain pages that exist before the panel, and their one style sheet."""

from importlib.resources import files

_FRAME = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<link rel="stylesheet" href="{style}"></head>
<body><main>
<h1>{title}</h1>
{content}
</main></body></html>
"""


def page(title: str, content: str, *, style: str) -> str:
    """A whole HTML page; `content` is markup, `style` the style sheet's address relative to the page's."""
    return _FRAME.format(title=title, content=content, style=style)


def style_sheet() -> str:
    return files(__package__).joinpath("page.css").read_text(encoding="utf-8")
