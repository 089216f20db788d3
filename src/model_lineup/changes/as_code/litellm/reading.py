"""The YAML of a LiteLLM proxy: only what a text, a number, a list and a table can say; nothing is run by reading it."""

from typing import Any

import yaml

from model_lineup.errors import InvalidInput

MOST_CHARACTERS = 5 * 2**20


def read(text: str) -> dict[str, Any]:
    """Raises InvalidInput with the line of what is no YAML."""
    if len(text) > MOST_CHARACTERS:
        raise InvalidInput.at("/file", f"it has more than {MOST_CHARACTERS} characters")
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506  # nosec B506: a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise InvalidInput.at("/file", f"{line}this is no YAML: {error.problem or 'it cannot be read'}") from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InvalidInput.at("/file", f"this is no YAML: {type(error).__name__}") from None
    if not isinstance(found, dict) or not isinstance(found.get("model_list"), list):
        raise InvalidInput.at("/file", "a LiteLLM config is a table with `model_list`, a list of deployments")
    return found


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # it has no types
    """A name that stands twice in one table is refused: the last one would win without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        said = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        if len(set(said)) < len(said):
            doubled = next(name for number, name in enumerate(said) if name in said[:number])
            raise yaml.MarkedYAMLError(problem=f"{doubled[:100]!r} stands twice", problem_mark=node.start_mark)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping
