"""What the panel serves of npm packages is whole, needs no exception of a policy, and is made anew when it is old."""

import json
import re
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest

from tools import browser
from tools.browser_files import NoIcon, sprite, without_data_images, without_map

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "src/model_lineup/panel/built"
ICON = '<!-- @license -->\n<svg\n  viewBox="0 0 24 24"\n>\n  <path d="M1 1" />\n  <path d="M2 2" />\n</svg>\n'


@pytest.fixture
def icons(tmp_path: Path) -> Path:
    for name in ("bot", "circle-check", "circle-x"):
        (tmp_path / f"{name}.svg").write_text(ICON)
    return tmp_path


def test_an_embedded_image_becomes_a_file_and_the_same_image_the_same_file() -> None:
    image = r'url("data:image/svg+xml;utf8,<svg xmlns=\"http://www.w3.org/2000/svg\" fill=\"%23fff\"/>")'
    style, images = without_data_images(f"a{{b:{image};c:{image}}}d{{e:url(x.png)}}")
    assert style == 'a{b:url("img-1.svg");c:url("img-1.svg")}d{e:url(x.png)}'
    assert images == {"img-1.svg": '<svg xmlns="http://www.w3.org/2000/svg" fill="#fff"/>'}


def test_an_embedded_image_of_another_sort_is_not_passed_over() -> None:
    with pytest.raises(ValueError, match="data:image/png"):
        without_data_images("a{b:url(data:image/png;base64,AAAA)}")


def test_the_reference_to_a_map_goes() -> None:
    assert without_map("var a;\n//# sourceMappingURL=a.js.map\n") == "var a;\n"


def test_icons_become_symbols_under_the_name_that_the_panel_gives_them(icons: Path) -> None:
    found = list(Xml.fromstring(sprite(icons, "# a remark\nbot\nok circle-check\n")))
    assert [symbol.get("id") for symbol in found] == ["bot", "ok"]
    assert [len(symbol) for symbol in found] == [2, 2]


def test_an_icon_that_is_not_there_is_named_with_its_neighbours(icons: Path) -> None:
    with pytest.raises(NoIcon, match="'circle-chek'; it has circle-check"):
        sprite(icons, "circle-chek")


def test_what_npm_complains_of_fits_one_line() -> None:
    said = "npm error code ENOTFOUND\nnpm error network request failed\nnpm error A complete log of this run is in: x\n"
    assert browser.reason(said) == "code ENOTFOUND network request failed"
    assert browser.reason("") == "it gave no reason"


def test_what_is_built_is_complete_and_of_the_locked_versions() -> None:
    assert browser.is_built()
    style = (BUILT / "basecoat.css").read_text()
    for image in set(re.findall(r'url\("([^"]+)"\)', style)):
        assert Xml.parse(BUILT / image).getroot().tag.endswith("svg")
    assert "data:" not in style + (BUILT / "uplot.css").read_text()
    for script in BUILT.glob("*.js"):
        assert "sourceMappingURL" not in script.read_text()
    licences = (BUILT / "LICENSES.txt").read_text()
    for name, version in json.loads((ROOT / "package.json").read_text())["dependencies"].items():
        assert f"{name} {version} (" in licences


def test_a_changed_list_of_icons_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "icons.txt"
    changed.write_text(browser.ICONS.read_text() + "anchor\n")
    monkeypatch.setattr(browser, "ICONS", changed)
    assert not browser.is_built()


def test_every_package_is_locked_with_its_hash_and_without_an_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: about for name, about in lock["packages"].items() if name}
    assert packages
    for about in packages.values():
        assert about["integrity"].startswith("sha512-")
        assert "resolved" not in about
        assert not about.get("hasInstallScript")
