"""Aliases that lead to nobody."""

from collections.abc import Iterator

from model_lineup.lint.rules import Found, Rule
from model_lineup.lint.scene import Scene
from model_lineup.lint.shapes import Subject


def _check(scene: Scene) -> Iterator[Found]:
    for alias in scene.aliases:
        if scene.available(alias.model_row):
            continue
        target = scene.by_row.get(alias.model_row)
        why = "is gone"
        if target is not None:
            why = "is hidden" if not target.visible else "is at a provider that is off"
        slug = None if target is None else scene.provider_of(target).slug
        link = f"/api/admin/aliases?q={alias.alias}"
        name = "Its model" if target is None else f"{target.model_id[:100]!r}"
        yield Found(Subject("alias", alias.id, alias.alias, slug, link), f"{name} {why}: callers get 404.")


RULE = Rule(
    "alias-leads-nowhere",
    "warning",
    "An alias whose model callers cannot reach.",
    "Show the model, point the alias at another one, or delete it.",
    _check,
)
