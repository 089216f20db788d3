"""What a provider lists: its models, page by page."""

from typing import Any

from msgspec import Struct


class ListedModel(Struct, frozen=True, gc=False):
    """One entry of a provider's list. `facts` holds only what the list truly tells; an absent key is unknown.

    Keys: display_name, description (str) · context_length, max_output_tokens (int > 0) · supports_tools,
    supports_vision, supports_streaming (bool) · task (`Task`) · pricing, lifecycle (JSON objects); and those that
    `further` reads.
    """

    model_id: str
    facts: dict[str, Any]


class Listing(Struct, frozen=True):
    """A list read to its last page: each `model_id` once, in the provider's order.

    `candidates`: what could be deployed there but cannot be called by these ids (Azure); no rows of their own. A list
    holds either these or `models`. `reading`: the `list_reading` of the kind that read it.
    """

    models: tuple[ListedModel, ...]
    pages: int
    candidates: tuple[ListedModel, ...] = ()
    reading: int = 1


class Page(Struct, frozen=True):
    """One page of a list. `following`: the cursor of the next one, `None` on the last; `candidates`: see `Listing`."""

    models: tuple[ListedModel, ...]
    following: str | None = None
    candidates: bool = False
