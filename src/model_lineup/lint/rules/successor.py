"""Models that end, and whose successor callers cannot reach."""

from collections.abc import Iterator

from model_lineup.lint.rules import Found, Rule
from model_lineup.lint.scene import Scene


def _check(scene: Scene) -> Iterator[Found]:
    for model in scene.offered:
        notice = scene.notice(model)
        if notice is None:
            continue
        if notice.successor is not None:
            row: int | None = notice.successor
            successor = scene.by_row.get(notice.successor)
            name = f"model {notice.successor}" if successor is None else f"{successor.model_id[:100]!r}"
        elif notice.replacement is not None:
            row = scene.at_provider(scene.provider_of(model).slug, notice.replacement)
            name = f"{notice.replacement[:100]!r}"
        else:
            continue
        if row is None or not scene.available(row):
            state = "is not there" if row is None or row not in scene.by_row else "is hidden, or its provider is off"
            yield Found(scene.subject(model), f"It ends, and {name}, which shall follow it, {state}.")


RULE = Rule(
    "successor-hidden",
    "warning",
    "A model that ends, with a successor that callers cannot reach.",
    "Show the successor, or name another one (lineup models retire).",
    _check,
)
