"""Models whose cost cannot be counted."""

from collections.abc import Iterator

from model_lineup.lint.rules import Found, Rule
from model_lineup.lint.scene import Scene


def _check(scene: Scene) -> Iterator[Found]:
    """A server in one's own network has no price, and needs none."""
    for model in scene.offered:
        if not model.has_price and scene.provider_of(model).network_scope == "public":
            yield Found(scene.subject(model), "Its price is unknown: what it costs is counted nowhere.")


RULE = Rule(
    "price-unknown",
    "info",
    "A visible model of a public provider without a price.",
    "Pin its price, or bring a catalogue (lineup catalog refresh).",
    _check,
)
