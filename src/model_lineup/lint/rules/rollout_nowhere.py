"""Aliases that are being rolled out to a model that nobody can reach."""

from collections.abc import Iterator

from model_lineup.catalog.rollouts import rollout_of
from model_lineup.lint.rules import Found, Rule
from model_lineup.lint.scene import Scene
from model_lineup.lint.shapes import Subject


def _check(scene: Scene) -> Iterator[Found]:
    for alias in scene.aliases:
        rollout = rollout_of(alias.rollout)
        if rollout is None:
            continue
        other = scene.by_row.get(rollout.target)
        notice = None if other is None else scene.notice(other)
        if other is not None and scene.available(other.id) and not (notice is not None and notice.retired):
            continue
        if other is None:
            told = "The model that it is rolled out to is gone"
        elif not scene.available(other.id):
            why = "hidden" if not other.visible else "at a provider that is off"
            told = f"It is rolled out to {other.model_id[:100]!r}, which is {why}"
        else:
            told = f"It is rolled out to {other.model_id[:100]!r}, which is retired"
        slug = None if other is None else scene.provider_of(other).slug
        link = f"/api/admin/aliases?q={alias.alias}"
        yield Found(Subject("alias", alias.id, alias.alias, slug, link), f"{told}: everybody stays with its own model.")


RULE = Rule(
    "rollout-leads-nowhere",
    "warning",
    "An alias that is being rolled out to a model that callers cannot reach.",
    "Show the model again, or stop the rollout.",
    _check,
)
