"""How Azure OpenAI writes: OpenAI's format under its v1 addresses."""

from typing import Any

from tests.fakes.kind_wire import data
from tests.fakes.openai_wire import OpenAIWire


class AzureWire(OpenAIWire):
    base_path = ""
    list_path = "/openai/v1/models"
    key_header = ("api-key", "{key}")
    candidates = True
    embedding_path: str | None = "/openai/v1/embeddings"

    def entry(self, model_id: Any) -> Any:
        able = {
            "fine_tune": False,
            "inference": True,
            "completion": False,
            "chat_completion": True,
            "embeddings": False,
        }
        ends = {"fine_tune": 1_800_000_000, "inference": 1_900_000_000}
        entry = {"id": model_id, "object": "model", "status": "succeeded", "created_at": 1, "updated_at": 2}
        return {**entry, "capabilities": able, "lifecycle_status": "generally-available", "deprecation": ends}

    def chat_path(self, model_id: str, *, stream: bool) -> str:
        return "/openai/v1/chat/completions"

    def opening(self) -> list[bytes]:
        """The first chunk tells what the filter found in the prompt."""
        found = {"choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]}
        return [data(found), *super().opening()]


WIRE = AzureWire()
