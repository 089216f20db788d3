"""Models that end soon."""

from collections.abc import Iterator
from datetime import timedelta

from model_lineup.lint.ends import end_of
from model_lineup.lint.rules import Found, Rule
from model_lineup.lint.scene import Scene

DAYS = 30


def _check(scene: Scene) -> Iterator[Found]:
    latest = scene.now + timedelta(days=DAYS)
    for model in scene.offered:
        end = end_of(scene, model)
        if end is None or end.at > latest:
            continue
        day, who = end.at.date().isoformat(), "" if end.by is None else f", as {end.by} says"
        if end.at > scene.now:
            days = (end.at - scene.now).days
            yield Found(scene.subject(model), f"It ends on {day}, in {days} days{who}.")
        else:
            yield Found(scene.subject(model), f"Its end was {day}{who}, and it is still visible.")


RULE = Rule(
    "retiring-soon",
    "warning",
    f"A visible model whose end is known and less than {DAYS} days away, or past.",
    "Name a successor (lineup models retire), tell its callers, or correct the date.",
    _check,
)
