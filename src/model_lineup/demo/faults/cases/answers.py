"""Answers whose JSON is not what was asked for: errors under a 200, nothing inside, another model."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from model_lineup.demo.faults.case import OPENAI, Asked, Case, Step
from model_lineup.demo.faults.cases.streams import _Events
from model_lineup.demo.faults.saying import chunked, reply
from model_lineup.demo.faults.wires import GOOD, event


class _ErrorUnderSuccess(Case, abstract=True):
    """200 with an error where the answer belongs; a 400 under a 200 was once counted as healthy (exgentic #247)."""

    lists = test = "protocol/upstream_error"
    body: ClassVar[Any]

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(200, json.dumps(self.body))


class SuccessWithOpenaiError(_ErrorUnderSuccess):
    """200 with an error in OpenAI's shape."""

    lists = test = "protocol/server_error"
    body = {"error": {"message": "it broke", "type": "server_error", "param": None, "code": None}}  # noqa: RUF012


class SuccessWithAnthropicError(_ErrorUnderSuccess):
    """200 with an error in Anthropic's shape."""

    lists = test = "quota/overloaded"
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}  # noqa: RUF012


class SuccessWithVllmError(_ErrorUnderSuccess):
    """200 with an error in the shape of older vLLM (goose #8031)."""

    body = {"object": "error", "message": "it broke", "type": "BadRequestError", "code": None}  # noqa: RUF012


class SuccessWithErrorText(_ErrorUnderSuccess):
    """200 with an error that is only a text."""

    body = {"error": "it broke"}  # noqa: RUF012


class SuccessWithErrorDetail(_ErrorUnderSuccess):
    """200 with FastAPI's `detail`."""

    body = {"detail": "it broke"}  # noqa: RUF012


class SuccessWithErrorList(_ErrorUnderSuccess):
    """200 with a list of errors."""

    lists = test = "protocol/malformed"
    body = [{"error": {"message": "it broke"}}]  # noqa: RUF012


class SuccessWithText(_ErrorUnderSuccess):
    """200 with a word in quotation marks."""

    lists = test = "protocol/malformed"
    body = "OK"


class SuccessWithNull(_ErrorUnderSuccess):
    """200 with `null`."""

    lists = test = "protocol/malformed"
    body = None


class SuccessWithNothing(_ErrorUnderSuccess):
    """200 with an empty object, as health checks answer."""

    lists = test = "protocol/malformed"
    body: ClassVar[Any] = {}
    wires = OPENAI | {"anthropic"}


class CompletionEmpty(Case):
    """A valid answer that holds no text."""

    test = "empty/empty"

    def answer(self, asked: Asked) -> Iterable[Step]:
        said = replace(GOOD, pieces=("",))
        if asked.stream:
            yield chunked(asked, asked.wire.stream(said))
        else:
            yield reply(200, asked.plain(asked.wire.plain(said)))


class ModelSwapped(Case):
    """Another model answers than the one that was asked. It passes, and says so."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        said = replace(GOOD, model='"some-other-model"')
        if asked.stream:
            yield chunked(asked, asked.wire.stream(said))
        else:
            yield reply(200, asked.plain(asked.wire.plain(said)))


class ModelNotText(Case):
    """The answer gives a number for the model."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        said = replace(GOOD, model="7")
        if asked.stream:
            yield chunked(asked, asked.wire.stream(said))
        else:
            yield reply(200, asked.plain(asked.wire.plain(said)))


class ChoicesEmpty(_Events):
    """Chunks without choices stand before, between and behind the others (Azure's filter results)."""

    wires = OPENAI

    def events(self, asked: Asked) -> list[bytes]:
        nothing = event('{"model": "", "choices": [], "prompt_filter_results": []}')
        return [part for one in asked.wire.stream() for part in (nothing, one)]


class DeltasNull(_Events):
    """Deltas, contents and whole choices that are null or of another type stand between the good ones."""

    wires = OPENAI

    def events(self, asked: Asked) -> list[bytes]:
        odd = ('{"delta": null}', '{"delta": {"content": null}}', '{"delta": {"content": []}}', '{"index": 0}')
        noise = [event(f'{{"choices": [{choice}]}}') for choice in odd]
        opening, *rest = asked.wire.stream()
        return [opening, *noise, *rest]


class DeltasAreText(_Events):
    """A delta is a text instead of an object."""

    test = "protocol/malformed"
    wires = OPENAI

    def events(self, asked: Asked) -> list[bytes]:
        return [*asked.wire.stream()[:2], event('{"choices": [{"delta": "Hi"}]}'), *asked.wire.closing()]


class ToolCallsBroken(_Events):
    """Tool calls without index, interleaved, with broken arguments: content all the same, passed on as it is."""

    wires = OPENAI

    def events(self, asked: Asked) -> list[bytes]:
        calls = (
            '[{"function": {"name": "a", "arguments": "{\\"x"}}]',
            '[{"index": 7, "function": {"arguments": null}}, {"index": "1"}]',
            '"not a list"',
        )
        pieces = [event(f'{{"choices": [{{"delta": {{"tool_calls": {call}}}}}]}}') for call in calls]
        return [*asked.wire.opening(), *pieces, *asked.wire.closing()]


class RefusalInsteadOfContent(_Events):
    """The model refuses, in the field that OpenAI has for it: an answer, if not a welcome one."""

    wires = OPENAI

    def events(self, asked: Asked) -> list[bytes]:
        refusal = event('{"choices": [{"delta": {"refusal": "I would rather not."}}]}')
        return [*asked.wire.opening(), refusal, *asked.wire.closing()]
