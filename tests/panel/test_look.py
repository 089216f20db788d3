"""How the panel looks before anybody touches it: dark without a flash of light, and still for who wants no motion."""

from tests.panel.conftest import Open

AS_BODY_COMES = """new MutationObserver((_, watching) => {
    if (!document.body) return;
    window.darkAtFirst = document.documentElement.classList.contains("dark");
    watching.disconnect();
}).observe(document, {childList: true, subtree: true});"""
MOVES = """() => [null, "::details-content", "::backdrop"].map((part) =>
    [...document.querySelectorAll("main *")].filter(
    (one) => parseFloat(getComputedStyle(one, part).transitionDuration) > 0).length)"""
UNFOLDS = """document.querySelector("main").insertAdjacentHTML("beforeend",
    "<details open><summary>More</summary>Words</details><dialog class='dialog' open>Words</dialog>")"""


def test_what_is_dark_is_dark_before_anything_is_painted(open_page: Open) -> None:
    for scheme in ("dark", "light"):
        page = open_page(color_scheme=scheme)
        page.add_init_script(AS_BODY_COMES)
        page.goto("/admin/sign-in")
        assert page.evaluate("() => window.darkAtFirst") is (scheme == "dark")


def test_nothing_moves_for_who_wants_no_motion(open_page: Open) -> None:
    page = open_page(reduced_motion="no-preference")
    page.goto("/admin/sign-in")
    page.evaluate(UNFOLDS)
    assert all(count > 0 for count in page.evaluate(MOVES))
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(MOVES) == [0, 0, 0]


def test_what_is_unfolded_has_a_new_theme_at_once(open_page: Open) -> None:
    page = open_page(reduced_motion="no-preference")
    page.goto("/admin/sign-in")
    page.evaluate(UNFOLDS)
    moving = page.locator("details").evaluate("(one) => getComputedStyle(one, '::details-content').transitionProperty")
    assert moving == "block-size, opacity, content-visibility"
