"""Options that narrow models: the filters of a list, and of changes to many."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import completion, finding
from model_lineup.cli.session import Session

PANEL = "Filters"
YesNo = Literal["true", "false"]
Known = Literal["true", "false", "unknown"]


def _filter(text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, **more, rich_help_panel=PANEL, show_default=False)


Search = Annotated[str | None, _filter("Part of an id, a name or an alias.", "--q")]
OfProvider = Annotated[
    str | None, _filter("Slug, name or id of the provider.", "--provider", autocompletion=completion.providers)
]
Visible = Annotated[YesNo | None, _filter("Whether anybody may call it.", "--visible")]
Agents = Annotated[YesNo | None, _filter("Whether agents may call it.", "--agents")]
Tools = Annotated[Known | None, _filter("Whether it calls tools.", "--tools")]
Vision = Annotated[Known | None, _filter("Whether it sees images.", "--vision")]
Streaming = Annotated[Known | None, _filter("Whether it streams.", "--streaming")]
Status = Annotated[
    Literal["untested", "ok", "failing", "vanished", "retired"] | None, _filter("What is known of its health.")
]
Source = Annotated[Literal["manual", "discovered", "file"] | None, _filter("Where it came from.")]
Task = Annotated[Literal["chat", "embedding", "other", "unknown"] | None, _filter("What it is for.")]
HasAlias = Annotated[YesNo | None, _filter("Whether an alias points at it.", "--has-alias")]
LimitedTo = Annotated[str | None, _filter("Name or id of a group that it is limited to.", "--limited-to")]
Limited = Annotated[YesNo | None, _filter("Whether it is limited to groups.", "--limited")]

FIELDS = {
    "q": "q",
    "provider": "provider_id",
    "visible": "visible",
    "agents": "agents_enabled",
    "tools": "supports_tools",
    "vision": "supports_vision",
    "streaming": "supports_streaming",
    "status": "status",
    "source": "source",
    "task": "task",
    "has_alias": "has_alias",
    "limited": "limited",
    "limited_to": "group_id",
}
"""Option → field of the API's filter."""
NAMES = tuple(FIELDS)


def query(here: Session, words: Mapping[str, str | None]) -> dict[str, Any]:
    """The filter as the list takes it in its address."""
    given = {name: value for name, value in words.items() if value is not None}
    if "provider" in given:
        given["provider"] = str(finding.provider(here, given["provider"])["id"])
    if "limited_to" in given:
        given["limited_to"] = str(finding.group(here, given["limited_to"])["id"])
    return {FIELDS[name]: value for name, value in given.items()}


def body(here: Session, words: Mapping[str, str | None]) -> dict[str, Any]:
    """The filter as changes take it in their body."""
    found = query(here, words)
    typed = {name: _PLAIN.get(value, value) for name, value in found.items() if name != "q"}
    typed |= {name: int(found[name]) for name in ("provider_id", "group_id") if name in found}
    return {**typed, **({"q": found["q"]} if "q" in found else {})}


_PLAIN: dict[str, Any] = {"true": True, "false": False}
