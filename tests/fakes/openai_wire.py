"""How servers of OpenAI's API write."""

from collections.abc import Mapping, Sequence
from typing import Any

from model_lineup.upstream.contract import Usage
from tests.fakes.kind_wire import ANSWERED, data
from tests.fakes.provider import Answerer, delta

_USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}


class OpenAIWire:
    base_path = "/v1"
    list_path = "/v1/models"
    key_header = ("authorization", "Bearer {key}")
    candidates = False
    paged = True
    answered: str | None = ANSWERED
    usage = Usage(9, 3, 4)
    finish_reason = "stop"
    stream_type = "text/event-stream"
    embedding_path: str | None = "/v1/embeddings"

    def entry(self, model_id: Any) -> Any:
        return {"id": model_id, "object": "model", "created": 1, "owned_by": "somebody"}

    def page(self, entries: Sequence[Any], following: str | None = None) -> Any:
        more = {"has_more": True, "last_id": following} if following else {}
        return {"object": "list", "data": list(entries), **more}

    def more(self) -> Mapping[str, Answerer]:
        return {}

    def chat_path(self, model_id: str, *, stream: bool) -> str:
        return "/v1/chat/completions"

    def plain(self, text: str, *, usage: bool = True) -> Any:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return {"model": ANSWERED, "choices": [choice], **({"usage": _USAGE} if usage else {})}

    def opening(self) -> list[bytes]:
        return [b": ping\n\n", data(delta(role="assistant", content="", model=ANSWERED))]

    def piece(self, text: str) -> bytes:
        return data(delta(text, model=ANSWERED))

    def thought(self, text: str) -> bytes:
        return data(delta(reasoning_content=text, model=ANSWERED))

    def closing(self, *, usage: bool = True) -> list[bytes]:
        counted = [data({"choices": [], "usage": _USAGE})] if usage else []
        return [data(delta(finish="stop", model=ANSWERED)), *counted, data("[DONE]")]

    def error(self, message: str) -> bytes:
        return data({"error": {"message": message, "type": "server_error"}})

    def embedding(self, vector: Sequence[float]) -> Any:
        entry = {"object": "embedding", "index": 0, "embedding": list(vector)}
        return {"model": ANSWERED, "data": [entry], "usage": {"prompt_tokens": 9}}


WIRE = OpenAIWire()
