"""Models whose own id means another one."""

from collections.abc import Iterator

from model_lineup.lint.rules import Found, Rule
from model_lineup.lint.scene import Scene


def _check(scene: Scene) -> Iterator[Found]:
    """Where several providers have an id, the first one wins by design; that is told only as a remark."""
    for model in scene.offered:
        name = model.model_id
        if scene.alias(name) is None and "/" not in name and len(scene.by_model_id[name]) == 1:
            continue
        other = scene.means(name)
        if other is None or other == model.id or scene.answers(scene.full_name(model)) != model.id:
            continue
        winner = scene.by_row.get(other)
        if winner is not None and winner.model_id == name:
            where = scene.provider_of(winner).slug
            message = f"Its id means the same id at {where}, which comes first; this one is {scene.full_name(model)!r}."
            yield Found(scene.subject(model), message, "info")
        else:
            meant = "a model that is gone" if winner is None else f"{scene.full_name(winner)[:100]!r}"
            yield Found(scene.subject(model), f"Its id means {meant}; this one is {scene.full_name(model)[:100]!r}.")


RULE = Rule(
    "shadowed-name",
    "warning",
    "A visible model whose own id leads to another model.",
    "Delete or rename the alias that has its name, change the providers' order, or tell callers the longer name.",
    _check,
)
