"""The OpenAI Agents SDK, unchanged, with an agent's key: an agent that calls a tool, and one that is refused."""

import asyncio
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from model_lineup.demo.model_server import LocalModel
from tests.fakes.kind_wire import golden, wire_of
from tests.fakes.provider import reply, stream
from tests.fakes.sdk_stage import Stage, called, stage
from tests.fakes.server import Server, Workbench, by_id

agents: Any = pytest.importorskip("agents", reason="openai-agents is not installed; `make setup-dev` brings it")


@pytest.fixture(scope="module")
def on(server: Server, workbench: Workbench) -> Iterator[Stage]:
    agents.set_tracing_disabled(True)
    with stage(server, workbench) as made:
        yield made


def run(on: Stage, name: str, *, streamed: bool = False, tools: Any = ()) -> Any:
    async def ask() -> Any:
        async with on.of_async_openai(api_key=on.agent_key) as client:
            model = agents.OpenAIChatCompletionsModel(model=name, openai_client=client)
            short = agents.ModelSettings(max_tokens=8)
            agent = agents.Agent(
                name="helper", instructions="Be kind.", tools=list(tools), model=model, model_settings=short
            )
            if not streamed:
                return await agents.Runner.run(agent, "Weather in Bonn?")
            running = agents.Runner.run_streamed(agent, "Weather in Bonn?")
            async for _ in running.stream_events():
                pass
            return running

    return asyncio.run(ask())


@pytest.mark.parametrize("streamed", [False, True])
def test_an_agent_calls_its_tool_and_answers(on: Stage, streamed: bool) -> None:
    asked = []

    def weather(town: str) -> str:
        """What the weather is like in a town."""
        asked.append(town)
        return "sunny"

    wire = wire_of("openai")
    last = stream(golden(wire)) if streamed else reply(wire.plain("Hello wörld"))
    fake = on.answers("openai", last)
    fake.answer("/chat/completions", called("openai", streamed=streamed), last)
    done = run(on, on.name("openai"), streamed=streamed, tools=[agents.function_tool(weather)])
    assert asked == ["Bonn"]
    assert done.final_output.endswith("wörld")
    first, second = (got.json for got in fake.requests)
    assert first["tools"][0]["function"]["name"] == "weather"
    assert (second["messages"][-1]["role"], second["messages"][-1]["content"]) == ("tool", "sunny")


def test_an_agent_is_refused_where_agents_are_not_let_in(on: Stage) -> None:
    with pytest.raises(openai.PermissionDeniedError) as refused:
        run(on, on.name("anthropic"))
    assert refused.value.code == "model_not_enabled_for_agents"


def test_an_agent_speaks_with_a_real_model(on: Stage, workbench: Workbench, local_model: LocalModel) -> None:
    row = workbench.provider(local_model.base_url)
    workbench.model(row["id"], local_model.model_id, visible=True, agents_enabled=True)
    alias = workbench.name("agents-real")
    path = by_id(local_model.model_id, "/aliases", provider_id=row["id"])
    workbench.admin.must("POST", path, {"alias": alias})
    assert run(on, alias).final_output
