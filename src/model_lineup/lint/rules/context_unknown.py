"""Models of which nobody knows how much they read."""

from collections.abc import Iterator

from model_lineup.lint.rules import Found, Rule
from model_lineup.lint.scene import Scene


def _check(scene: Scene) -> Iterator[Found]:
    for model in scene.offered:
        if model.context_length is None and model.task != "other":
            yield Found(scene.subject(model), "Its context length is unknown.")


RULE = Rule(
    "context-unknown",
    "info",
    "A visible model whose context length nobody knows.",
    "Pin it, or bring a catalogue (lineup catalog refresh).",
    _check,
)
