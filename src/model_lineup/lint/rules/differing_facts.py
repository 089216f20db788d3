"""The same id at two providers, of which two different things are known."""

from collections.abc import Iterator

from model_lineup.lint.rules import Found, Rule
from model_lineup.lint.scene import Scene, listed
from model_lineup.lint.shapes import ModelSeen

_FIELDS = ("context_length", "max_output_tokens", "supports_tools", "supports_vision")
_WORDS = {0: "no", 1: "yes"}


def _check(scene: Scene) -> Iterator[Found]:
    """A caller who says the bare id gets one of them, and after a change of the providers' order another one."""
    for alike in scene.by_model_id.values():
        if len(alike) < 2:
            continue
        offered = [one for one in alike if scene.available(one.id)]
        differing = [field for field in _FIELDS if len(_values(offered, field)) > 1]
        if differing:
            told = "; ".join(f"{field.replace('_', ' ')}: {_told(scene, offered, field)}" for field in differing)
            yield Found(scene.subject(offered[0]), f"{len(offered)} providers offer this id and differ in {told}.")


def _values(models: list[ModelSeen], field: str) -> set[int]:
    return {value for one in models if (value := getattr(one, field)) is not None}


def _told(scene: Scene, models: list[ModelSeen], field: str) -> str:
    known = [one for one in models if getattr(one, field) is not None]
    return listed(f"{_word(field, getattr(one, field))} at {scene.provider_of(one).slug}" for one in known)


def _word(field: str, value: int) -> str:
    return _WORDS[value] if field.startswith("supports_") else str(value)


RULE = Rule(
    "differing-facts",
    "warning",
    "The same id is offered by several providers, and different things are known of it.",
    "Correct what is wrong, or give callers an alias for the one that you mean.",
    _check,
)
