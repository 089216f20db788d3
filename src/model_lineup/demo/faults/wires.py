"""How a good provider writes, in each format that Lineup speaks. Everything is text, so that a case can write anything.

Formats as in the dialects of `upstream`; `azure` is OpenAI's under other addresses.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

PIECES = ("Hel", "lo ", "wörld")
MODEL = '"drill"'


@dataclass(frozen=True)
class Said:
    """What an answer says. All but the pieces is JSON text; `usage` None leaves the counts out."""

    pieces: tuple[str, ...] = PIECES
    model: str = MODEL
    finished: bool = True
    prompt: str = "9"
    completion: str = "3"
    usage: bool = True


GOOD = Said()
UNCOUNTED = replace(GOOD, usage=False)


class Wire:
    """OpenAI's format; the others are laid over it."""

    name = "openai"
    stream_type = "text/event-stream"
    detail = b"{}"
    embedding = b'{"model": "drill", "data": [{"embedding": [0.5]}], "usage": {"prompt_tokens": 9}}'

    def entries(self, *ids: str) -> list[str]:
        """Entries of a list, as JSON."""
        return [f'{{"id": {json.dumps(one)}, "object": "model"}}' for one in ids]

    def page(self, entries: Sequence[str], following: str | None = None) -> bytes:
        more = f', "has_more": true, "last_id": {json.dumps(following)}' if following else ""
        return f'{{"object": "list", "data": [{", ".join(entries)}]{more}}}'.encode()

    def plain(self, said: Said = GOOD) -> bytes:
        message = f'{{"role": "assistant", "content": {json.dumps("".join(said.pieces))}}}'
        choice = f'{{"index": 0, "message": {message}, "finish_reason": "stop"}}'
        return f'{{"model": {said.model}, "choices": [{choice}]{self._usage(said)}}}'.encode()

    def stream(self, said: Said = GOOD) -> list[bytes]:
        """A whole stream, event by event."""
        return [*self.opening(said), *(self.piece(text, said) for text in said.pieces), *self.closing(said)]

    def opening(self, said: Said = GOOD) -> list[bytes]:
        return [self._chunk('{"role": "assistant", "content": ""}', said)]

    def piece(self, text: str, said: Said = GOOD) -> bytes:
        return self._chunk(f'{{"content": {json.dumps(text, ensure_ascii=False)}}}', said)

    def closing(self, said: Said = GOOD) -> list[bytes]:
        finish = [self._chunk("{}", said, '"stop"')] if said.finished else []
        usage = [event(f'{{"model": {said.model}, "choices": []{self._usage(said)}}}')] if said.usage else []
        return [*finish, *usage, event("[DONE]")]

    def error(self, message: str, kind: str = "server_error") -> bytes:
        """An error in a stream."""
        return event(self.error_body(message, kind))

    def error_body(self, message: str, kind: str = "server_error") -> str:
        return json.dumps({"error": {"message": message, "type": kind, "code": None}})

    def _usage(self, said: Said) -> str:
        counts = f'"prompt_tokens": {said.prompt}, "completion_tokens": {said.completion}'
        return f', "usage": {{{counts}}}' if said.usage else ""

    def _chunk(self, delta: str, said: Said, finish: str = "null") -> bytes:
        return event(
            f'{{"model": {said.model}, "choices": [{{"index": 0, "delta": {delta}, "finish_reason": {finish}}}]}}'
        )


class _Azure(Wire):
    name = "azure"


class _Anthropic(Wire):
    name = "anthropic"

    def page(self, entries: Sequence[str], following: str | None = None) -> bytes:
        cursor = f'"has_more": true, "last_id": {json.dumps(following)}' if following else '"has_more": false'
        return f'{{"data": [{", ".join(entries)}], {cursor}}}'.encode()

    def plain(self, said: Said = GOOD) -> bytes:
        content = json.dumps([{"type": "text", "text": "".join(said.pieces)}])
        usage = f', "usage": {self._counts(said)}' if said.usage else ""
        rest = f'"content": {content}, "stop_reason": "end_turn"{usage}'
        return f'{{"type": "message", "model": {said.model}, {rest}}}'.encode()

    def opening(self, said: Said = GOOD) -> list[bytes]:
        return [
            event(f'{{"type": "message_start", "message": {{"model": {said.model}, "content": []}}}}', "message_start"),
            event('{"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}'),
        ]

    def piece(self, text: str, said: Said = GOOD) -> bytes:
        delta = json.dumps({"type": "text_delta", "text": text}, ensure_ascii=False)
        return event(f'{{"type": "content_block_delta", "index": 0, "delta": {delta}}}', "content_block_delta")

    def closing(self, said: Said = GOOD) -> list[bytes]:
        usage = f', "usage": {self._counts(said)}' if said.usage else ""
        grown = f'{{"type": "message_delta", "delta": {{"stop_reason": "end_turn"}}{usage}}}'
        return [*([event(grown, "message_delta")] if said.finished else []), event('{"type": "message_stop"}')]

    def error(self, message: str, kind: str = "api_error") -> bytes:
        return event(self.error_body(message, kind), "error")

    def error_body(self, message: str, kind: str = "api_error") -> str:
        return json.dumps({"type": "error", "error": {"type": kind, "message": message}})

    def _counts(self, said: Said) -> str:
        return f'{{"input_tokens": {said.prompt}, "output_tokens": {said.completion}}}'


class _Google(Wire):
    name = "google"
    embedding = b'{"embeddings": [{"values": [0.5]}]}'

    def entries(self, *ids: str) -> list[str]:
        made = ({"name": f"models/{one}", "supportedGenerationMethods": ["generateContent"]} for one in ids)
        return [json.dumps(entry) for entry in made]

    def page(self, entries: Sequence[str], following: str | None = None) -> bytes:
        more = f', "nextPageToken": {json.dumps(following)}' if following else ""
        return f'{{"models": [{", ".join(entries)}]{more}}}'.encode()

    def plain(self, said: Said = GOOD) -> bytes:
        return self._whole("".join(said.pieces), said, ', "finishReason": "STOP"', self._usage(said)).encode()

    def opening(self, said: Said = GOOD) -> list[bytes]:
        return [event(self._whole("", said))]

    def piece(self, text: str, said: Said = GOOD) -> bytes:
        return event(self._whole(text, said))

    def closing(self, said: Said = GOOD) -> list[bytes]:
        return [event(self._whole("", said, ', "finishReason": "STOP"' if said.finished else "", self._usage(said)))]

    def error(self, message: str, kind: str = "INTERNAL") -> bytes:
        return event(self.error_body(message, kind))

    def error_body(self, message: str, kind: str = "INTERNAL") -> str:
        return json.dumps({"error": {"message": message, "status": kind}})

    def _usage(self, said: Said) -> str:
        counts = f'"promptTokenCount": {said.prompt}, "candidatesTokenCount": {said.completion}'
        return f', "usageMetadata": {{{counts}}}' if said.usage else ""

    def _whole(self, text: str, said: Said, finish: str = "", usage: str = "") -> str:
        content = f'{{"role": "model", "parts": [{{"text": {json.dumps(text, ensure_ascii=False)}}}]}}'
        return f'{{"candidates": [{{"content": {content}{finish}}}], "modelVersion": {said.model}{usage}}}'


class _Ollama(Wire):
    name = "ollama"
    stream_type = "application/x-ndjson"
    detail = b'{"capabilities": ["completion"], "model_info": {}}'
    embedding = b'{"model": "drill", "embeddings": [[0.5]]}'

    def entries(self, *ids: str) -> list[str]:
        return [json.dumps({"name": one, "model": one}) for one in ids]

    def page(self, entries: Sequence[str], following: str | None = None) -> bytes:
        return f'{{"models": [{", ".join(entries)}]}}'.encode()

    def plain(self, said: Said = GOOD) -> bytes:
        return self._line("".join(said.pieces), said, done=True)

    def opening(self, said: Said = GOOD) -> list[bytes]:
        return [self._line("", said) + b"\n"]

    def piece(self, text: str, said: Said = GOOD) -> bytes:
        return self._line(text, said) + b"\n"

    def closing(self, said: Said = GOOD) -> list[bytes]:
        return [self._line("", said, done=True) + b"\n"]

    def error(self, message: str, kind: str = "") -> bytes:
        return self.error_body(message, kind).encode() + b"\n"

    def error_body(self, message: str, kind: str = "") -> str:
        return json.dumps({"error": message})

    def _line(self, text: str, said: Said, *, done: bool = False) -> bytes:
        message = f'{{"role": "assistant", "content": {json.dumps(text, ensure_ascii=False)}}}'
        counts = f', "prompt_eval_count": {said.prompt}, "eval_count": {said.completion}' if done and said.usage else ""
        end = f', "done_reason": "stop"{counts}' if done else ""
        return f'{{"model": {said.model}, "message": {message}, "done": {str(done).lower()}{end}}}'.encode()


WIRES: dict[str, Wire] = {wire.name: wire for wire in (Wire(), _Azure(), _Anthropic(), _Google(), _Ollama())}
BASE_PATHS: Mapping[str, str] = {"openai": "/v1"}
"""What a base URL ends in, behind the case; with the others it is the case itself."""


def event(data: str, name: str | None = None) -> bytes:
    """One server-sent event."""
    return (f"event: {name}\n" if name else "").encode() + f"data: {data}\n\n".encode()


def wire_of(path: str, headers: Mapping[str, str]) -> Wire:
    """The format that a path (behind the case) is asked in."""
    if path.startswith("/api/"):
        return WIRES["ollama"]
    if path.startswith("/openai/"):
        return WIRES["azure"]
    if "anthropic-version" in headers or path.startswith("/v1/messages"):
        return WIRES["anthropic"]
    if path.startswith(("/v1beta", "/v1alpha")) or ":" in path or "x-goog-api-key" in headers:
        return WIRES["google"]
    return WIRES["openai"]
