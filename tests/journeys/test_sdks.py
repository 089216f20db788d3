"""The official SDKs, unchanged, against a real server with the real local model behind it, in both formats."""

import contextlib
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

from model_lineup.demo.model_server import LocalModel
from tests.fakes.server import Server, Workbench

HELLO: Any = [{"role": "user", "content": "Say hello."}]
COOL = {"temperature": 0}
PIRATE: Any = [{"role": "system", "content": "Talk like a pirate."}, *HELLO]
ANSWER_SCHEMA = {
    "type": "object",
    "properties": {"sky": {"type": "string", "enum": ["blue", "grey"]}},
    "required": ["sky"],
    "additionalProperties": False,
}
ENDS = ("length", "stop")
STOPS = ("max_tokens", "end_turn")
TOOLS: Any = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]


class Callers:
    """SDKs with a user's key, and one with an agent's."""

    def __init__(self, server: Server, workbench: Workbench, local_model: LocalModel) -> None:
        base = f"http://127.0.0.1:{server.port}"
        user, agent = workbench.key("user")["key"], workbench.key("agent")["key"]
        root = local_model.base_url.removesuffix("/v1")
        through_openai = workbench.provider(local_model.base_url)
        through_anthropic = workbench.provider(root, type="anthropic", api_key="sk-not-looked-at")
        self.slugs = {"openai": through_openai["slug"], "anthropic": through_anthropic["slug"]}
        self._aliases = {spoken: workbench.name(f"by-{spoken}") for spoken in self.slugs}
        for provider, spoken in ((through_openai, "openai"), (through_anthropic, "anthropic")):
            workbench.model(provider["id"], local_model.model_id, visible=True, agents_enabled=spoken == "openai")
            at = f"{local_model.model_id}&provider_id={provider['id']}"
            path = f"/api/admin/models/by-id/aliases?model_id={at}"
            workbench.admin.must("POST", path, {"alias": self._aliases[spoken]})
        self.model_id = local_model.model_id
        self.openai = openai.OpenAI(base_url=f"{base}/v1", api_key=user, max_retries=0)
        self.anthropic = anthropic.Anthropic(base_url=base, api_key=user, max_retries=0)
        self.agent = openai.OpenAI(base_url=f"{base}/v1", api_key=agent, max_retries=0)
        self.stranger = openai.OpenAI(base_url=f"{base}/v1", api_key="nobody", max_retries=0)

    def close(self) -> None:
        for client in (self.openai, self.anthropic, self.agent, self.stranger):
            client.close()

    def name(self, spoken: str) -> str:
        """An alias of the model at the provider that speaks this format."""
        return self._aliases[spoken]


@pytest.fixture(scope="module")
def callers(server: Server, workbench: Workbench, local_model: LocalModel) -> Iterator[Callers]:
    with contextlib.closing(Callers(server, workbench, local_model)) as callers:
        yield callers


@pytest.fixture(params=["openai", "anthropic"])
def name(callers: Callers, request: pytest.FixtureRequest) -> str:
    """Of the model, at a provider that speaks one format and at one that speaks the other."""
    return callers.name(request.param)


class TestOpenAI:
    def test_lists_and_retrieves(self, callers: Callers, name: str) -> None:
        assert name in [model.id for model in callers.openai.models.list()]
        assert callers.openai.models.retrieve(name).owned_by in callers.slugs.values()

    def test_chats_plain(self, callers: Callers, name: str) -> None:
        raw = callers.openai.chat.completions.with_raw_response.create(model=name, messages=PIRATE, max_tokens=8)
        answer = raw.parse()
        assert raw.headers["x-lineup-model"] == callers.model_id
        assert answer.model == name
        assert answer.choices[0].message.content
        assert answer.choices[0].finish_reason in ENDS
        assert answer.usage is not None
        assert 0 < answer.usage.completion_tokens <= 8

    @pytest.mark.parametrize("usage", [False, True])
    def test_chats_streamed(self, callers: Callers, name: str, usage: bool) -> None:
        wanted: Any = {"stream_options": {"include_usage": True}} if usage else {}
        stream = callers.openai.chat.completions.create(model=name, messages=HELLO, max_tokens=8, stream=True, **wanted)
        chunks = list(stream)
        assert {chunk.model for chunk in chunks} == {name}
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] in ENDS
        told = chunks[-1].usage
        assert (told is not None and 0 < told.completion_tokens <= 8) if usage else told is None

    def test_offers_tools(self, callers: Callers, name: str) -> None:
        answer = callers.openai.chat.completions.create(model=name, messages=HELLO, max_tokens=8, tools=TOOLS)
        assert answer.choices[0].finish_reason in ("length", "tool_calls", "stop")

    def test_gets_an_answer_that_fits_a_schema(self, callers: Callers) -> None:
        wanted: Any = {"type": "json_schema", "json_schema": {"name": "sky", "strict": True, "schema": ANSWER_SCHEMA}}
        answer = callers.openai.chat.completions.create(
            model=callers.name("openai"), messages=HELLO, max_tokens=32, response_format=wanted
        )
        assert '"sky"' in (answer.choices[0].message.content or "")

    def test_uses_responses(self, callers: Callers) -> None:
        answer = callers.openai.responses.create(model=callers.name("openai"), input="Say hello.", max_output_tokens=8)
        assert answer.model == callers.name("openai")

    def test_gets_typed_exceptions(self, callers: Callers, name: str) -> None:
        chat = callers.openai.chat.completions
        with pytest.raises(openai.NotFoundError) as unknown:
            chat.create(model="nobody", messages=HELLO)
        assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
        with pytest.raises(openai.AuthenticationError):
            callers.stranger.models.list()
        with pytest.raises(openai.BadRequestError) as refused:
            chat.create(model=name, messages=HELLO, extra_body={"api_base": "http://127.0.0.1:1"})
        assert refused.value.code == "destination_field"
        with pytest.raises(openai.PermissionDeniedError) as not_for_agents:
            callers.agent.chat.completions.create(model=callers.name("anthropic"), messages=HELLO)
        assert not_for_agents.value.code == "model_not_enabled_for_agents"


class TestAnthropic:
    def test_lists(self, callers: Callers, name: str) -> None:
        assert name in [model.id for model in callers.anthropic.models.list()]
        assert callers.anthropic.models.retrieve(name).display_name == callers.model_id

    def test_speaks_plain(self, callers: Callers, name: str) -> None:
        answer = callers.anthropic.messages.create(model=name, max_tokens=8, messages=HELLO, system="Be kind.")
        assert (answer.type, answer.role, answer.model) == ("message", "assistant", name)
        assert answer.stop_reason in STOPS
        assert answer.content[0].type == "text"
        assert 0 < answer.usage.output_tokens <= 8

    def test_speaks_streamed(self, callers: Callers, name: str) -> None:
        """At temperature 0: llama.cpp leaves `message_start` out when the first token is a part of an emoji (5 of 120
        answers that it gave to nobody but us, 2026-11-23), which the SDK cannot read."""
        with callers.anthropic.messages.stream(model=name, max_tokens=8, messages=HELLO, extra_body=COOL) as stream:
            assert "".join(stream.text_stream)
            whole = stream.get_final_message()
        assert (whole.model, whole.stop_reason in STOPS) == (name, True)
        assert 0 < whole.usage.output_tokens <= 8

    def test_offers_tools(self, callers: Callers, name: str) -> None:
        tools: Any = [{"name": "weather", "input_schema": {"type": "object", "properties": {}}}]
        answer = callers.anthropic.messages.create(model=name, max_tokens=8, messages=HELLO, tools=tools)
        assert answer.stop_reason in ("max_tokens", "tool_use", "end_turn")

    def test_counts_tokens_where_the_provider_does(self, callers: Callers) -> None:
        counted = callers.anthropic.messages.count_tokens(model=callers.name("anthropic"), messages=HELLO)
        assert counted.input_tokens > 0

    def test_gets_typed_exceptions(self, callers: Callers) -> None:
        with pytest.raises(anthropic.NotFoundError):
            callers.anthropic.messages.create(model="nobody", max_tokens=1, messages=HELLO)
        with pytest.raises(anthropic.BadRequestError) as refused:
            callers.anthropic.messages.create(
                model=callers.name("openai"), max_tokens=1, messages=HELLO, extra_body={"top_k": 3}
            )
        assert "top_k" in str(refused.value)
