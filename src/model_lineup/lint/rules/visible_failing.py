"""Models that callers see and that do not work."""

from collections.abc import Iterator

from model_lineup.lint.rules import Found, Rule
from model_lineup.lint.scene import Scene


def _check(scene: Scene) -> Iterator[Found]:
    for model in scene.offered:
        if model.passed == 0:
            yield Found(scene.subject(model), "Callers see it, and its last test failed.")
        elif model.missing_since is not None:
            yield Found(scene.subject(model), "Callers see it, and its provider lists it no more.", "warning")
        elif scene.is_inactive(model):
            yield Found(scene.subject(model), "Callers see it, and its provider lists it as inactive.", "warning")


RULE = Rule(
    "visible-but-failing",
    "error",
    "A visible model whose last test failed, or that its provider lists no more or as inactive.",
    "Look at the test (lineup test), test it again, or hide it.",
    _check,
)
