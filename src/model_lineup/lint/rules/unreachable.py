"""Models that callers could use if any name led to them."""

from collections.abc import Iterator

from model_lineup.lint.rules import Found, Rule
from model_lineup.lint.scene import Scene


def _check(scene: Scene) -> Iterator[Found]:
    by_alias = {one.model_row for one in scene.aliases}
    for model in scene.offered:
        if model.id in by_alias or scene.answers(model.model_id) == model.id:
            continue
        if scene.answers(scene.full_name(model)) != model.id:
            yield Found(
                scene.subject(model),
                f"Visible, but no name leads to it: {model.model_id[:100]!r} and {scene.full_name(model)[:100]!r} "
                "mean something else.",
            )


RULE = Rule(
    "unreachable-model",
    "error",
    "A visible model that no name leads to.",
    "Give it an alias, or delete the alias that has its name.",
    _check,
)
