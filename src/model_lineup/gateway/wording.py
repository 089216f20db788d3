"""How a caller's request is put to one provider: as the bytes that it is, or translated."""

from typing import NamedTuple

import msgspec

from model_lineup.clock import wall_ns
from model_lineup.gateway.ask import Ask
from model_lineup.gateway.failures import Refused
from model_lineup.gateway.travelling import BETAS
from model_lineup.routing.snapshot import ModelState
from model_lineup.upstream import registry
from model_lineup.upstream.contract import Call, Reading, Surface, Target
from model_lineup.upstream.dialects.anthropic import AnthropicDialect
from model_lineup.upstream.dialects.google import GoogleDialect
from model_lineup.upstream.dialects.openai import EmbeddingsReading, OpenAIDialect
from model_lineup.upstream.dialects.responses import ResponsesDialect
from model_lineup.upstream.translation import Translation, UntranslatableError, between

DIALECTS: dict[Surface, Reading] = {
    "chat": OpenAIDialect(),
    "embeddings": EmbeddingsReading(),
    "messages": AnthropicDialect(),
    "generate": GoogleDialect(),
    "responses": ResponsesDialect(),
}
"""What reads usage and the end of a stream on each surface; others are passed on unread."""
_CONVERSATIONS: tuple[Surface, ...] = ("chat", "messages", "generate")


class Worded(NamedTuple):
    """`call` with its body. `translation` is None where bytes pass. `asked_usage`: Lineup asked for it, not the caller.

    `created`: Unix time, s, for formats that tell when an answer was made.
    """

    call: Call
    surface: Surface
    translation: Translation | None
    asked_usage: bool
    left_out: tuple[str, ...]
    created: int


class Manners:
    """What one provider was found not to understand: learnt from its refusals, forgotten when it is changed."""

    __slots__ = ("newer_bound", "stream_options")

    def __init__(self) -> None:
        self.stream_options = True
        self.newer_bound = False

    def learn(self, worded: Worded, said: str) -> bool:
        """Whether this refusal taught something about what Lineup added, so that asking again is worth while."""
        if worded.asked_usage and self.stream_options and "stream_options" in said:
            self.stream_options = False
            return True
        if worded.translation is not None and not self.newer_bound and "max_completion_tokens" in said:
            self.newer_bound = True
            return True
        return False


def word(ask: Ask, surface: Surface, target: Target, model: ModelState, manners: Manners) -> Worded:
    """Raises Refused where the provider cannot be asked this."""
    kind = registry.kind_named(target.endpoint.kind)
    call = kind.way(target, surface, stream=ask.stream)
    if call is not None:
        return _passed(ask, surface, target, call, manners)
    if surface in _CONVERSATIONS:
        for other in _CONVERSATIONS:
            call = kind.way(target, other, stream=ask.stream)
            translation = between(DIALECTS[surface].name, DIALECTS[other].name) if call is not None else None
            if call is not None and translation is not None:
                return _translated(ask, other, call, translation, target, model, manners)
    raise Refused(
        400,
        "unsupported_by_provider",
        f"The provider of {ask.name!r} is of the kind {kind.name}, which does not serve this endpoint.",
        param="model",
    )


def _passed(ask: Ask, surface: Surface, target: Target, call: Call, manners: Manners) -> Worded:
    add_usage = surface == "chat" and ask.stream and not ask.wants_usage and manners.stream_options
    body = ask.for_model(target.model_id, add_usage=add_usage)
    return Worded(Call(call.path, body, call.query), surface, None, add_usage, (), 0)


def _translated(
    ask: Ask,
    surface: Surface,
    call: Call,
    translation: Translation,
    target: Target,
    model: ModelState,
    manners: Manners,
) -> Worded:
    try:
        translated = translation.request(ask.decoded(), max_tokens=model.max_output_tokens)
    except UntranslatableError as error:
        raise Refused(400, "untranslatable_field", str(error), param=error.field) from None
    body = translated.body
    if surface in ("chat", "messages"):
        body["model"] = target.model_id
    if manners.newer_bound and "max_tokens" in body and surface == "chat":
        body["max_completion_tokens"] = body.pop("max_tokens")
    if not manners.stream_options:
        body.pop("stream_options", None)
    call = msgspec.structs.replace(call, body=msgspec.json.encode(body))
    left_out = (*translated.left_out, BETAS) if ask.said is not None and ask.said.betas else translated.left_out
    return Worded(call, surface, translation, "stream_options" in body, left_out, wall_ns() // 1_000_000_000)
