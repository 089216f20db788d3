"""Models for agents that take no tools."""

from collections.abc import Iterator

from model_lineup.lint.rules import Found, Rule
from model_lineup.lint.scene import Scene


def _check(scene: Scene) -> Iterator[Found]:
    for model in scene.offered:
        if not model.agents_enabled or model.task == "embedding" or model.supports_tools:
            continue
        if model.supports_tools is None:
            yield Found(scene.subject(model), "Agents may use it, and nobody knows whether it takes tools.", "info")
        else:
            yield Found(scene.subject(model), "Agents may use it, and it takes no tools.")


RULE = Rule(
    "agents-without-tools",
    "warning",
    "A model that agents may use and that takes no tools, or may not.",
    "Test its capabilities, pin what you know, or take it from agents.",
    _check,
)
