"""How Ollama writes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from model_lineup.upstream.contract import Usage
from tests.fakes.kind_wire import ANSWERED
from tests.fakes.provider import Answerer, reply

_COUNTS = {"prompt_eval_count": 9, "eval_count": 3}
SHOWN: dict[str, Any] = {
    "parameters": 'num_ctx                        8192\nstop                           "<|eot_id|>"',
    "capabilities": ["completion", "tools"],
    "model_info": {"general.architecture": "llama", "llama.context_length": 131072},
}


def line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def said(done: bool = False, **message: Any) -> dict[str, Any]:
    return {"model": ANSWERED, "created_at": "-", "message": {"role": "assistant", **message}, "done": done}


class OllamaWire:
    base_path = ""
    list_path = "/api/tags"
    key_header = ("authorization", "Bearer {key}")
    candidates = False
    paged = False
    answered: str | None = ANSWERED
    usage = Usage(9, 3, None)
    finish_reason = "stop"
    stream_type = "application/x-ndjson"
    embedding_path: str | None = "/api/embed"

    def entry(self, model_id: Any) -> Any:
        details = {"family": "llama", "parameter_size": "8.0B", "quantization_level": "Q4_K_M"}
        return {"name": model_id, "model": model_id, "size": 1, "digest": "d", "details": details}

    def page(self, entries: Sequence[Any], following: str | None = None) -> Any:
        return {"models": list(entries)}

    def more(self) -> Mapping[str, Answerer]:
        return {"/api/show": reply(SHOWN)}

    def chat_path(self, model_id: str, *, stream: bool) -> str:
        return "/api/chat"

    def plain(self, text: str, *, usage: bool = True) -> Any:
        return {**said(True, content=text), "done_reason": "stop", **(_COUNTS if usage else {})}

    def opening(self) -> list[bytes]:
        return [line(said(content=""))]

    def piece(self, text: str) -> bytes:
        return line(said(content=text))

    def thought(self, text: str) -> bytes:
        return line(said(content="", thinking=text))

    def closing(self, *, usage: bool = True) -> list[bytes]:
        return [line({**said(True, content=""), "done_reason": "stop", **(_COUNTS if usage else {})})]

    def error(self, message: str) -> bytes:
        return line({"error": message})

    def embedding(self, vector: Sequence[float]) -> Any:
        return {"model": ANSWERED, "embeddings": [list(vector)], "prompt_eval_count": 9}


WIRE = OllamaWire()
