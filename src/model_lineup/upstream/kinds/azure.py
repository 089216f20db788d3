"""Azure OpenAI: OpenAI's wire format under addresses of its own, with the key in `api-key`.

What is called is a deployment, by the name that its owner gave it. The list holds only the base models that *could* be
deployed, so a fetch stores none of them: add each deployment by hand, its name as `model_id`. What the list tells of a
base model (what it is for, its state, its end) counts for the deployments that have its name or say it (`base_model`).

Without an API version, or with `v1`, requests go to `/openai/v1/…`; a word such as `preview` is sent along there. With
a dated one they go to `/openai/deployments/<name>/…?api-version=<date>`.
Source: https://learn.microsoft.com/en-us/azure/foundry/openai/api-version-lifecycle,
https://learn.microsoft.com/en-us/rest/api/azureopenai/models/list, and the SDK (openai 3.54), read 2026-11-23.
"""

from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from model_lineup.upstream.contract import Ask, Call, Dialect, Endpoint, FormField, Page, Quirks, Surface, Target
from model_lineup.upstream.dialects.openai import OpenAIDialect
from model_lineup.upstream.kinds.openai import OpenAIKind


class _AzureDialect(OpenAIDialect):
    def call(self, target: Target, ask: Ask, quirks: Quirks) -> Call:
        call = super().call(target, ask, quirks)
        return _at_deployment(target, call)


class AzureKind(OpenAIKind):
    name = "azure"
    label = "Azure OpenAI"
    default_base_url: str | None = None
    dialect: Dialect = _AzureDialect()
    key_needed = True
    list_reading = 1
    fields = (
        FormField("base_url", "Base URL", required=True, help="https://<resource>.openai.azure.com"),
        FormField("api_key", "API key", required=True, secret=True, help="One of the resource's two keys."),
        FormField("api_version", "API version", help="Empty for v1, or a date such as 2024-10-21."),
    )

    def auth(self, endpoint: Endpoint) -> Mapping[str, str]:
        return {"api-key": endpoint.api_key} if endpoint.api_key else {}

    def list_call(self, endpoint: Endpoint, after: str | None) -> Call:
        call = super().list_call(endpoint, after)
        placed = _placed(endpoint, call.path)
        return msgspec.structs.replace(placed, query=placed.query + call.query)

    def page(self, body: bytes) -> Page:
        """Raises MalformedError, ProviderError."""
        return msgspec.structs.replace(super().page(body), candidates=True)

    def way(self, target: Target, surface: Surface, *, stream: bool) -> Call | None:
        """Responses are no deployment's: they have no dated address."""
        call = super().way(target, surface, stream=stream)
        if call is None or (surface == "responses" and _dated(target.endpoint)):
            return None
        return _at_deployment(target, call)


KIND = AzureKind()


def _at_deployment(target: Target, call: Call) -> Call:
    deployment = f"/deployments/{quote(target.model_id, safe='')}" if _dated(target.endpoint) else ""
    return _placed(target.endpoint, deployment + call.path, call.body)


def _placed(endpoint: Endpoint, path: str, body: bytes | None = None) -> Call:
    version = endpoint.api_version or "v1"
    query = () if version == "v1" else (("api-version", version),)
    return Call(("/openai" if _dated(endpoint) else "/openai/v1") + path, body, query)


def _dated(endpoint: Endpoint) -> bool:
    return (endpoint.api_version or "v1")[0].isdecimal()
