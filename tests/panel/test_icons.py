"""Every icon that a page names is in the file of icons; one that is not would be an empty space."""

import re
from pathlib import Path

from model_lineup import panel
from model_lineup.panel.navigation import SECTIONS

FOLDER = Path(str(panel.__file__)).parent
LISTED = {
    line.split()[0] for line in (FOLDER / "icons.txt").read_text().splitlines() if line and not line.startswith("#")
}
NAMED = re.compile(r"""icon\(here, "([a-z0-9-]+)"\)|icons\.svg#([a-z0-9-]+)""")


def test_every_icon_of_a_template_or_a_section_is_listed() -> None:
    named = {
        name or other
        for template in FOLDER.rglob("templates/**/*.html")
        for name, other in NAMED.findall(template.read_text())
    }
    named |= {section.icon for section in SECTIONS}
    assert len(named) > 3
    assert named - LISTED == set()


def test_the_list_is_in_order_and_names_each_once() -> None:
    lines = [line for line in (FOLDER / "icons.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines == sorted(set(lines))
