"""What an administrator can pin of a model: every fact there is, in the words of `catalog.facts`."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from model_lineup.api.bodies import Body, Description, Line, ModelId, Name, RowId, Tokens, pattern
from model_lineup.catalog.shapes import Task

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")
Dollars = Annotated[float, Field(ge=0, le=1_000_000, description="US dollars per million tokens.")]


class Pricing(Body):
    """What tokens cost, in US dollars per million. Those read from a cache cost as much as others unless it is said."""

    input_per_million: Dollars
    output_per_million: Dollars
    cached_input_per_million: Dollars | None = None


def _with_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, like 2030-01-31T12:00:00Z")
    return moment.astimezone(UTC).replace(microsecond=0)


Moment = Annotated[datetime, Field(strict=False), AfterValidator(_with_zone)]


class Lifecycle(Body):
    """A model's end. `message`: for callers. At `sunset_at` its aliases go to `successor_id`, and it answers 404."""

    message: Annotated[Line, Field(min_length=1, max_length=500)] | None = None
    deprecated_at: Moment | None = None
    sunset_at: Moment | None = None
    successor_id: RowId | None = None


def _is_day(text: str) -> str:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        date.fromisoformat(f"{text}-01" if len(text) == 7 else text)
    except ValueError:
        raise ValueError("a day like 2027-01-31, or a month like 2027-01") from None
    return text


def _in_order(words: list[str]) -> list[str]:
    """As lists and catalogues have them, so that the same words are the same value."""
    return sorted(set(words))


Day = Annotated[Line, Field(min_length=7, max_length=10), AfterValidator(_is_day), pattern(f"^{_DAY.pattern}$")]
Word = Annotated[Line, Field(min_length=1, max_length=60)]
Words = Annotated[list[Word], Field(min_length=1, max_length=40), AfterValidator(_in_order)]


class Facts(BaseModel):
    """What an admin can pin. `base_model`: the model behind a name that its owner chose, as of a deployment of Azure's;
    catalogues are asked about that one then."""

    display_name: Name | None = None
    description: Description | None = None
    task: Task | None = None
    context_length: Tokens | None = None
    max_output_tokens: Tokens | None = None
    supports_tools: bool | None = None
    supports_vision: bool | None = None
    supports_streaming: bool | None = None
    pricing: Pricing | None = None
    lifecycle: Lifecycle | None = None
    supports_streamed_tools: bool | None = None
    supports_json_mode: bool | None = None
    supports_structured_output: bool | None = None
    supports_reasoning: bool | None = None
    supports_system_prompt: bool | None = None
    supports_stop: bool | None = None
    supports_max_tokens: bool | None = None
    supports_pdf: bool | None = None
    supports_audio: bool | None = None
    input_modalities: Words | None = None
    output_modalities: Words | None = None
    capabilities: Words | None = None
    parameters: Words | None = None
    methods: Words | None = None
    default_parameters: Words | None = None
    other_names: Words | None = None
    base_model: ModelId | None = None
    model_version: Name | None = None
    owned_by: Name | None = None
    knowledge_cutoff: Day | None = None
    released_on: Day | None = None
    is_deprecated: bool | None = None
    expected_end: Day | None = None
