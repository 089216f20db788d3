"""How the Gemini API writes."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from model_lineup.upstream.contract import Usage
from tests.fakes.kind_wire import ANSWERED, MODEL, data
from tests.fakes.provider import Answerer

_USAGE = {"promptTokenCount": 9, "cachedContentTokenCount": 4, "candidatesTokenCount": 2, "thoughtsTokenCount": 1}


def chunk(*parts: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    return {"candidates": [{**candidate, **({"finishReason": finish} if finish else {})}], **more}


class GoogleWire:
    base_path = ""
    list_path = "/v1beta/models"
    key_header = ("x-goog-api-key", "{key}")
    candidates = False
    paged = True
    answered: str | None = ANSWERED
    usage = Usage(9, 3, 4)
    finish_reason = "stop"
    stream_type = "text/event-stream"
    embedding_path: str | None = f"/v1beta/models/{MODEL}:batchEmbedContents"

    def entry(self, model_id: Any) -> Any:
        name = f"models/{model_id}" if isinstance(model_id, str) and model_id else model_id
        return {
            "name": name,
            "displayName": "A model",
            "supportedGenerationMethods": ["generateContent", "countTokens"],
        }

    def page(self, entries: Sequence[Any], following: str | None = None) -> Any:
        listed = {"models": list(entries)} if entries else {}
        return {**listed, **({"nextPageToken": following} if following else {})}

    def more(self) -> Mapping[str, Answerer]:
        return {}

    def chat_path(self, model_id: str, *, stream: bool) -> str:
        return f"/v1beta/models/{quote(model_id, safe='')}:{'streamGenerateContent' if stream else 'generateContent'}"

    def plain(self, text: str, *, usage: bool = True) -> Any:
        counted = {"usageMetadata": _USAGE} if usage else {}
        return chunk({"text": text}, finish="STOP", modelVersion=ANSWERED, **counted)

    def opening(self) -> list[bytes]:
        return [data(chunk({"text": ""}, modelVersion=ANSWERED))]

    def piece(self, text: str) -> bytes:
        return data(chunk({"text": text}, modelVersion=ANSWERED))

    def thought(self, text: str) -> bytes:
        return data(chunk({"text": text, "thought": True}, modelVersion=ANSWERED))

    def closing(self, *, usage: bool = True) -> list[bytes]:
        counted = {"usageMetadata": _USAGE} if usage else {}
        return [data(chunk({"text": "", "thoughtSignature": "abc"}, finish="STOP", modelVersion=ANSWERED, **counted))]

    def error(self, message: str) -> bytes:
        return data({"error": {"code": 503, "message": message, "status": "UNAVAILABLE"}})

    def embedding(self, vector: Sequence[float]) -> Any:
        return {"embeddings": [{"values": list(vector)}]}


WIRE = GoogleWire()
