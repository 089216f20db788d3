"""A LiteLLM configuration turned into a file of ours: what is carried, what is not and why, and that ours is right."""

import json
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_lineup.changes.as_code.litellm.converting import convert
from model_lineup.changes.as_code.litellm.places import scope_of
from model_lineup.changes.as_code.reading import read
from model_lineup.errors import InvalidInput
from model_lineup.rooms import Rooms
from tests.fakes.counts import count
from tests.fakes.desk import BY

CONFIG = """
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: azure/eu-deployment
      api_base: https://ours.openai.azure.com/
      api_key: os.environ/AZURE_KEY
      api_version: "2025-01-01"
      rpm: 100
      order: 2
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o
      order: 1
    model_info:
      mode: chat
      max_input_tokens: 128000
      input_cost_per_token: 2.5e-06
      output_cost_per_token: 0.00001
      supports_function_calling: true
      team: ours
  - model_name: claude
    litellm_params: {model: claude-sonnet-4-5, api_key: sk-ant-canary-0123456789}
  - model_name: box
    litellm_params: {model: hosted_vllm/org/llama, api_base: "http://10.0.0.7:8000/v1"}
  - model_name: local
    litellm_params: {model: ollama_chat/qwen3, api_base: "http://localhost:11434"}
  - model_name: "anthropic/*"
    litellm_params: {model: "anthropic/*", api_key: os.environ/ANTHROPIC_API_KEY}
  - model_name: rock
    litellm_params: {model: bedrock/some-model}
  - model_name: elsewhere
    litellm_params: {model: openai/x, api_base: os.environ/SOME_BASE}
  - not a table
router_settings:
  routing_strategy: least-busy
  model_group_alias: {gpt-4: gpt-4o, gone: nothing}
litellm_settings:
  fallbacks: [{claude: [gpt-4o, nowhere]}]
  success_callback: [langfuse]
general_settings:
  master_key: sk-canary-master
"""


def test_deployments_become_providers_models_and_aliases_with_their_fallbacks() -> None:
    done = convert(CONFIG)
    found = tomllib.loads(done.text)
    assert found["providers"] == {
        "azure": {
            "name": "azure",
            "type": "azure",
            "base_url": "https://ours.openai.azure.com",
            "api_key": "env:AZURE_KEY",
            "api_version": "2025-01-01",
        },
        "openai": {
            "name": "openai",
            "type": "openai",
            "base_url": "https://api.openai.com/v1",
            "api_key": "env:OPENAI_API_KEY",
        },
        "anthropic": {
            "name": "anthropic",
            "type": "anthropic",
            "base_url": "https://api.anthropic.com",
            "api_key": "env:LINEUP_ANTHROPIC_API_KEY",
        },
        "hosted-vllm": {
            "name": "hosted-vllm",
            "type": "openai",
            "base_url": "http://10.0.0.7:8000/v1",
            "network_scope": "private",
        },
        "ollama": {
            "name": "ollama",
            "type": "ollama",
            "base_url": "http://localhost:11434",
            "network_scope": "loopback",
        },
    }
    assert found["models"]["openai"]["gpt-4o"] == {
        "visible": True,
        "task": "chat",
        "context_length": 128000,
        "supports_tools": True,
        "pricing": {"input_per_million": 2.5, "output_per_million": 10},
    }
    assert found["aliases"] == {
        "gpt-4o": {"model": "openai/gpt-4o", "fallbacks": ["azure/eu-deployment"]},
        "gpt-4": {"model": "openai/gpt-4o", "fallbacks": ["azure/eu-deployment"]},
        "claude": {
            "model": "anthropic/claude-sonnet-4-5",
            "fallbacks": ["openai/gpt-4o", "azure/eu-deployment"],
        },
        "box": {"model": "hosted-vllm/org/llama"},
        "local": {"model": "ollama/qwen3"},
    }
    assert (done.providers, done.models, done.aliases) == (5, 5, 5)


def test_what_is_not_carried_is_listed_with_its_reason_and_no_key_is_copied() -> None:
    done = convert(CONFIG)
    told = dict(done.left_out)
    assert "limits are set per key" in told["model_list 1 (gpt-4o): rpm"]
    assert "is not copied" in told["model_list 3 (claude): api_key"]
    assert "wildcards" in told["model_list 6 (anthropic/*)"]
    assert "no kind of provider for 'bedrock'" in told["model_list 7 (rock)"]
    assert "'SOME_BASE'" in told["model_list 8 (elsewhere)"]
    assert "no `model_name`" in told["model_list 9"]
    assert told["model_list 2 (gpt-4o): model_info team"]
    assert told["fallback claude → nowhere"]
    assert told["model_group_alias gone"]
    assert told["router_settings.routing_strategy"]
    assert told["litellm_settings.success_callback"]
    assert told["general_settings.master_key"]
    assert all(f"- {what}: {why}" in done.text for what, why in done.left_out)
    assert "canary" not in done.text


def test_the_file_can_be_applied_as_it_is(rooms: Rooms) -> None:
    text = convert(CONFIG).text
    keys = {f"env:{name}": "sk-0123456789" for name in ("AZURE_KEY", "OPENAI_API_KEY", "LINEUP_ANTHROPIC_API_KEY")}
    done = rooms.apply.apply(text, BY, label="litellm.toml", keys=keys)
    assert done.added == 15
    assert rooms.apply.apply(text, BY, label="litellm.toml").change_id is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "model_list"),
        ("model_list: 3", "model_list"),
        ("model_list: [", "line 1: this is no YAML"),
        ("a: 1\na: 2", "line 1: this is no YAML: 'a' stands twice"),
        ("model_list: !!python/object/apply:os.system [id]", "no YAML"),
        ("? [a]\n: 1", "no YAML"),
    ],
)
def test_what_is_no_such_file_is_refused_by_line(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        convert(text)
    assert said in refused.value.detail


def test_texts_that_refer_to_each_other_do_not_grow() -> None:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
    assert convert(f"a0: &a0 [x]\n{levels}\nmodel_list: []").models == 0


@pytest.mark.parametrize(
    ("address", "scope"),
    [
        ("http://localhost:1/v1", "loopback"),
        ("http://127.0.0.2:1", "loopback"),
        ("http://gpu-box:8000", "private"),
        ("https://10.1.2.3", "private"),
        ("https://api.example.com", "public"),
    ],
)
def test_the_scope_is_what_the_address_looks_like(address: str, scope: str) -> None:
    assert scope_of(address) == scope


PIECES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["openai/m", "os.environ/X"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["model_name", "litellm_params", "model", "model_info", "api_base", "api_key", "fallbacks"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@pytest.mark.hard
@given(st.lists(PIECES, max_size=4), PIECES)
@settings(max_examples=count(60, 3_000), deadline=None)
def test_whatever_stands_in_it_gives_a_file_that_can_be_read(deployments: list[object], rest: object) -> None:
    text = json.dumps({"model_list": deployments, "router_settings": rest, "litellm_settings": rest})
    read(convert(text).text)
