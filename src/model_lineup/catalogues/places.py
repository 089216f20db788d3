"""Which service a provider is: by the host of its address, never by the name of a model.

The same id at two services is two models with two prices, and mostly with two windows. So a catalogue's word counts
only where the provider's address is the service's own; a proxy or a server in one's own house is no service.
Hosts are those of `upstream.presets` and of the services' documentation; names are those of the catalogues, read
2026-11-23.
"""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit


class Service(NamedTuple):
    """One service, and its name in each catalogue; empty where a catalogue does not have it.

    `hosts`: whole, or `.example.com` for all below it. `own_names`: its users choose what models are called there, so
    that an id is no proof of what answers.
    """

    name: str
    hosts: tuple[str, ...]
    models_dev: str = ""
    litellm: str = ""
    genai_prices: str = ""
    own_names: bool = False


class Place(NamedTuple):
    """Where a provider is. `service` is None where that is unknown. `may_guess`: a guess by the id alone is fair:
    a server in one's own network has a window of its own, whatever the weights were made for."""

    service: str | None
    may_guess: bool
    own_names: bool = False


_AZURE = (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")
SERVICES: tuple[Service, ...] = (
    Service("openai", ("api.openai.com",), "openai", "openai", "openai"),
    Service("anthropic", ("api.anthropic.com",), "anthropic", "anthropic", "anthropic"),
    Service("google", ("generativelanguage.googleapis.com",), "google", "gemini", "google"),
    Service("openrouter", ("openrouter.ai",), "openrouter", "openrouter", "openrouter"),
    Service("mistral", ("api.mistral.ai",), "mistral", "mistral", "mistral"),
    Service("groq", ("api.groq.com",), "groq", "groq", "groq"),
    Service("deepseek", ("api.deepseek.com",), "deepseek", "deepseek", "deepseek"),
    Service("xai", ("api.x.ai",), "xai", "xai", "x-ai"),
    Service("together", ("api.together.xyz", "api.together.ai"), "togetherai", "together_ai", "together"),
    Service("fireworks", ("api.fireworks.ai",), "fireworks-ai", "fireworks_ai", "fireworks"),
    Service("cerebras", ("api.cerebras.ai",), "cerebras", "cerebras", "cerebras"),
    Service("deepinfra", ("api.deepinfra.com",), "deepinfra", "deepinfra"),
    Service("huggingface", ("router.huggingface.co",), "huggingface"),
    Service("nvidia", ("integrate.api.nvidia.com",), "nvidia", "nvidia_nim"),
    Service("moonshot", ("api.moonshot.ai",), "moonshotai", "moonshot", "moonshotai"),
    Service("alibaba", ("dashscope-intl.aliyuncs.com",), "alibaba", "dashscope"),
    Service("nebius", ("api.tokenfactory.nebius.com",), "nebius", "nebius"),
    Service("scaleway", ("api.scaleway.ai",), "scaleway"),
    Service("perplexity", ("api.perplexity.ai",), "perplexity", "perplexity", "perplexity"),
    Service("cohere", ("api.cohere.ai", "api.cohere.com"), "cohere", "cohere", "cohere"),
    Service("zai", ("api.z.ai",), "zai", "zai", "zai"),
    Service("minimax", ("api.minimax.io",), "minimax", "minimax", "minimax"),
    Service("azure", _AZURE, "azure", "azure", "azure", own_names=True),
)
_BY_NAME = {service.name: service for service in SERVICES}
_BY_HOST = {host: service for service in SERVICES for host in service.hosts}


def service_named(name: str) -> Service | None:
    return _BY_NAME.get(name)


def place_of(kind: str, base_url: str, network_scope: str, hosts: Mapping[str, str]) -> Place:
    """`hosts`: those that only a catalogue knows; its word for a service that we know is not asked."""
    host = host_of(base_url)
    service = _BY_HOST.get(host) or next((one for end, one in _BY_HOST.items() if end[0] == "." and end in host), None)
    if service is not None and (service.hosts[0][0] != "." or host.endswith(service.hosts)):
        return Place(service.name, may_guess=True, own_names=service.own_names)
    if kind == "azure":
        return Place("azure", may_guess=True, own_names=True)
    return Place(hosts.get(host), may_guess=network_scope == "public")


def host_of(url: str) -> str:
    """In lower case; empty for what is no address."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
