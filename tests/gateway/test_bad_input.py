"""What callers send that is not a request: on every surface a clear answer that names what is wrong, and never a 500.

Where to and as whom is the administrator's choice: no field of a caller's makes it, and nothing of it goes upstream.
"""

import json
from typing import Any

import pytest

from model_lineup.gateway.face import SURFACES
from model_lineup.shell import Shell
from tests.fakes.provider import FakeProvider, reply
from tests.fakes.v1 import V1, Line, Reply

DEEP = 100_000
BODIES: list[tuple[bytes, str]] = [
    (b"", "malformed_json"),
    (b"[]", "malformed_json"),
    (b'"open"', "malformed_json"),
    (b"null", "malformed_json"),
    (b"NaN", "malformed_json"),
    (b'{"model":', "malformed_json"),
    (b'{"model":"open"}x', "malformed_json"),
    (b'{"model":"open"}{"model":"open"}', "malformed_json"),
    (b"{'model':'open'}", "malformed_json"),
    (b'{"model":"open",}', "malformed_json"),
    (b'\xef\xbb\xbf{"model":"open"}', "malformed_json"),
    ('{"model":"open"}'.encode("utf-16"), "malformed_json"),
    (b"\xff", "malformed_json"),
    (b'{"model":"open","x":NaN}', "malformed_json"),
    (b'{"model":"open","x":Infinity}', "malformed_json"),
    (b'{"model":"open","x":01}', "malformed_json"),
    (b'{"model":"open","x":"\\ud800"}', "malformed_json"),
    (b'{"model":"\\udc00\\ud800"}', "malformed_json"),
    (b'{"model":"open","x":"\xed\xa0\x80"}', "malformed_json"),
    (b'{"model":"open","x":{"y":["\xc0\x80"]}}', "malformed_json"),
    (b'{"model":"\xff"}', "malformed_json"),
    (b'{"model":"open","x":' + b"[" * DEEP + b"]" * DEEP + b"}", "malformed_json"),
    (b'{"model":"open","x":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}", "malformed_json"),
    (b"{}", "model_missing"),
    (b'{"model":null}', "model_missing"),
    (b'{"Model":"open"}', "model_missing"),
    (b'{"model":""}', "invalid_model"),
    (b'{"model":5}', "invalid_model"),
    (b'{"model":true}', "invalid_model"),
    (b'{"model":["open"]}', "invalid_model"),
    (b'{"model":{"id":"open"}}', "invalid_model"),
    (b'{"model":1e999}', "invalid_field"),
    (b'{"model":"open","stream":"yes"}', "invalid_field"),
    (b'{"model":"open","stream":1}', "invalid_field"),
    (b'{"model":"open","stream":' + b"9" * 5_000 + b"}", "invalid_field"),
    (b'{"model":"open","model":"open"}', "doubled_field"),
    (b'{"model":"open","x":1,"mod\\u0065l":"other"}', "doubled_field"),
    (b'{"model":"open","Model":"hidden"}', "doubled_field"),
    (b'{"MODEL":"open","model":"hidden"}', "doubled_field"),
    (b'{"STREAM":true,"model":"open","Stream":true}', "doubled_field"),
    (b'{"model":"open","stream_options":{},"Stream_Options":{}}', "doubled_field"),
    (b'{"model":"open","messages":[],"messages":[]}', "doubled_field"),
    (b'{"model":"' + b"x" * 10_000 + b'"}', "model_not_found"),
    (b'{"model":"\\u0000"}', "model_not_found"),
    (b'{"model":"' + "é".encode() * 600 + b'"}', "model_not_found"),
]
DESTINATIONS = (
    *(
        "api_base",
        "apiBase",
        "API-BASE",
        "base_url",
        "baseURL",
        "Base-Url",
        "api_key",
        "apiKey",
        "API_KEY",
        "x-api-key",
    ),
    *("api_version", "api_type", "organization", "organization_id", "project", "provider", "endpoint"),
    *("proxy", "proxies", "http_proxy", "ssl_verify", "extra_headers", "extraHeaders", "extra_query", "extra_body"),
    *("headers", "custom_llm_provider", "deployment_id", "deployment", "azure_endpoint", "azure_ad_token"),
    *("azure_deployment", "azure_ad_token_provider", "tenant_id", "client_id", "client_secret"),
    *("user_config", "litellm_params"),
    *("litellm_credential_name", "model_list", "region", "region_name", "aws_access_key_id", "aws_secret_access_key"),
    *("aws_session_token", "aws_region_name", "aws_bedrock_runtime_endpoint", "aws_role_name", "aws_profile_name"),
    *("aws_sts_endpoint", "aws_web_identity_token", "vertex_project", "vertex_location", "vertex_credentials"),
    *("vertex_ai_project", "vertex_ai_credentials", "authorization", "Authorization", "access_token", "auth_token"),
    *("bearer_token", "credentials", "url", "host", "api_host", "api_url", "api_endpoint", "server_url", "target_url"),
    *("upstream", "upstream_url", "callback_url", "openai_api_base", "openai_api_key", "anthropic_api_key"),
    *("sagemaker_base_url", "ollama_host"),
)
"""Fields of other gateways, and of SDKs, that choose where a request goes or as whom: more than sixty."""


@pytest.fixture
def there(v1: V1, provider: FakeProvider) -> FakeProvider:
    """Answers everything, if it is asked."""
    for path in ("/chat/completions", "/embeddings", "/responses", "/messages"):
        provider.answer(path, reply({"model": "open", "choices": [{"message": {"content": "Hi"}}]}))
    v1.desk.model(v1.provider("Acme", provider.base_url), "open", visible=True)
    v1.desk.model(v1.provider("Acme", provider.base_url), "hidden")
    return provider


def test_what_is_no_request_is_refused_by_what_is_wrong_with_it(v1: V1, there: FakeProvider) -> None:
    tries = [(path, body, code) for path in SURFACES for body, code in BODIES]

    async def answers(shell: Shell) -> list[Reply]:
        return [await v1.on(Line(shell), path, raw=body, method="POST") for path, body, _ in tries]

    replies = v1.run(answers)
    found = [(path, body[:80], got.status, got.code) for (path, body, _), got in zip(tries, replies, strict=True)]
    expected = [(path, body[:80], 404 if code == "model_not_found" else 400, code) for path, body, code in tries]
    assert found == expected
    assert max(len(got.body) for got in replies) < 2_000
    assert there.requests == []


def test_no_field_of_a_caller_chooses_where_or_as_whom(v1: V1, there: FakeProvider) -> None:
    assert len(DESTINATIONS) >= 60
    values: tuple[Any, ...] = ("http://127.0.0.1:1/canary", {"x": "canary"}, None)
    tries = [(path, name, value) for path in SURFACES for name in DESTINATIONS for value in values]

    async def answers(shell: Shell) -> list[Reply]:
        return [await v1.on(Line(shell), path, {"model": "open", name: value}) for path, name, value in tries]

    told = [(got.status, got.code, got.json["error"]["param"]) for got in v1.run(answers)]
    assert told == [(400, "destination_field", name) for _, name, _ in tries]
    assert there.requests == []


def test_below_the_top_level_they_are_the_callers_own_words(v1: V1, there: FakeProvider) -> None:
    """A tool may well have a parameter `url`. It passes as it is, and goes where every request goes."""
    inside = dict.fromkeys(DESTINATIONS, "http://127.0.0.1:1/canary")
    body = {"messages": [{"role": "user", "content": "x", **inside}], "metadata": {"a": [inside]}, "tools": [inside]}
    raw = json.dumps({"model": "open", **body}).encode()
    assert v1.call("/v1/chat/completions", raw=raw).status == 200
    assert there.requests[-1].body == raw
    assert there.requests[-1].header("host") == f"127.0.0.1:{there.port}"
    assert "canary" not in json.dumps(there.requests[-1].headers)


def test_credentials_that_differ_or_are_none_get_nothing(v1: V1, there: FakeProvider) -> None:
    unknown = "lineup_usr_" + "a" * 49
    tries: list[tuple[list[tuple[str, str]], int, str]] = [
        ([], 401, "credential_missing"),
        ([("authorization", "Bearer ")], 401, "credential_missing"),
        ([("authorization", f"Bearer {unknown}")], 401, "invalid_api_key"),
        ([("authorization", f"Basic {v1.user}")], 401, "invalid_api_key"),
        ([("x-api-key", v1.user[:-1])], 401, "invalid_api_key"),
        ([("x-api-key", "é" * 3_000)], 401, "invalid_api_key"),
        ([("authorization", f"Bearer {v1.user}"), ("x-api-key", v1.agent)], 400, "conflicting_credentials"),
        ([("authorization", f"Bearer {v1.user}"), ("authorization", "Bearer x")], 400, "conflicting_credentials"),
        ([("x-api-key", v1.user), ("x-api-key", unknown)], 400, "conflicting_credentials"),
        ([("authorization", f"Bearer {v1.key('admin')}")], 401, "wrong_credential_kind"),
    ]
    for path in (*SURFACES, "/v1/models", "/v1/models/open"):
        body = {"model": "open"} if path in SURFACES else None

        async def answers(shell: Shell) -> list[Reply]:
            return [await v1.on(Line(shell), path, body, key=None, headers=headers) for headers, _, _ in tries]  # noqa: B023

        assert [(got.status, got.code) for got in v1.run(answers)] == [(status, code) for _, status, code in tries]
    assert there.requests == []


def test_a_name_of_ten_thousand_characters_is_just_unknown(v1: V1, there: FakeProvider) -> None:
    for name in ("x" * 10_000, "a/" * 5_000, "%2F" * 3_000, "\U0001f600" * 2_500):
        got = v1.call(f"/v1/models/{name}")
        assert (got.status, got.code) == (404, "model_not_found")
        assert len(got.body) < 2_000
