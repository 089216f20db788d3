"""Where a deployment of LiteLLM leads: `provider/model` and `litellm_params` as kind, address and id of ours."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from model_lineup.catalog.shapes import NetworkScope
from model_lineup.upstream.presets import PRESETS

_ADDRESSES = {preset.name: preset.base_url for preset in PRESETS}
_COMPATIBLE = {
    "openai": ("openai", "OPENAI_API_KEY"),
    "openrouter": ("openrouter", "OPENROUTER_API_KEY"),
    "mistral": ("mistral", "MISTRAL_API_KEY"),
    "groq": ("groq", "GROQ_API_KEY"),
    "deepseek": ("deepseek", "DEEPSEEK_API_KEY"),
    "xai": ("xai", "XAI_API_KEY"),
    "together_ai": ("together", "TOGETHERAI_API_KEY"),
    "fireworks_ai": ("fireworks", "FIREWORKS_AI_API_KEY"),
    "cerebras": ("cerebras", "CEREBRAS_API_KEY"),
    "deepinfra": ("deepinfra", "DEEPINFRA_API_KEY"),
    "huggingface": ("huggingface", "HF_TOKEN"),
    "nvidia_nim": ("nvidia", "NVIDIA_NIM_API_KEY"),
    "moonshot": ("moonshot", "MOONSHOT_API_KEY"),
    "dashscope": ("alibaba", "DASHSCOPE_API_KEY"),
    "nebius": ("nebius", "NEBIUS_API_KEY"),
    "text-completion-openai": ("openai", "OPENAI_API_KEY"),
}
"""Prefixes whose services speak OpenAI's API: the preset, and the variable in which LiteLLM looks for the key."""
_NEED_AN_ADDRESS = {
    "hosted_vllm": "HOSTED_VLLM_API_KEY",
    "custom_openai": "OPENAI_API_KEY",
    "openai_like": "OPENAI_LIKE_API_KEY",
    "litellm_proxy": "LITELLM_PROXY_API_KEY",
    "lm_studio": "LM_STUDIO_API_KEY",
    "llamafile": "LLAMAFILE_API_KEY",
}
_OWN = {
    "anthropic": ("anthropic", "anthropic", "ANTHROPIC_API_KEY"),
    "gemini": ("google", "google", "GEMINI_API_KEY"),
    "ollama": ("ollama", "ollama", None),
    "ollama_chat": ("ollama", "ollama", None),
}
"""Prefixes with a kind of their own here: kind, preset, variable."""
_PREFIXES = {*_COMPATIBLE, *_NEED_AN_ADDRESS, *_OWN, "azure"}
_ENDINGS = {"anthropic": ("/v1/messages", "/v1"), "ollama": ("/v1", "/api"), "google": ("/v1beta", "/v1")}
_WHOSE = (("claude", "anthropic"), ("gemini", "gemini"), ("gpt", "openai"), ("o1", "openai"), ("o3", "openai"))
"""How ids without a prefix begin that LiteLLM knows by itself; the commonest of them."""


class Place(NamedTuple):
    """One provider of ours. `prefix` names it; `key`: a reference, or `LITERAL` for a key that stood in the file."""

    prefix: str
    kind: str
    base_url: str
    key: str | None
    api_version: str | None


class NotCarried(Exception):
    """Why a deployment has no place here."""


LITERAL = "literal"
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def place_of(params: Mapping[str, Any]) -> tuple[Place, str]:
    """The place and the provider's own id of the model. Raises NotCarried."""
    prefix, model_id = _prefix(params)
    base_url = _address(params)
    key = _key(params.get("api_key"))
    version = _text(params.get("api_version"))
    if version is not None and not _VERSION.fullmatch(version):
        raise NotCarried("its `api_version` is none that Lineup takes")
    if prefix == "azure":
        if base_url is None:
            raise NotCarried("Azure needs `api_base`")
        return Place(prefix, "azure", base_url, key or "env:AZURE_API_KEY", version), model_id
    if prefix in _OWN:
        kind, preset, variable = _OWN[prefix]
        default = f"env:{variable}" if variable else None
        found = _cut(base_url or _ADDRESSES[preset], kind)
        return Place(prefix.removesuffix("_chat"), kind, found, key or default, None), model_id
    if prefix in _NEED_AN_ADDRESS:
        if base_url is None:
            raise NotCarried(f"{prefix} needs `api_base`")
        return Place(prefix, "openai", base_url, key, None), model_id
    preset, variable = _COMPATIBLE[prefix]
    default = f"env:{variable}" if base_url is None else None
    return Place(prefix, "openai", base_url or _ADDRESSES[preset], key or default, None), model_id


def scope_of(base_url: str) -> NetworkScope:
    """Where an address seems to be: this machine, a network of one's own, or anywhere."""
    split = urlsplit(base_url)
    host = split.hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            return "loopback"
        return "private" if split.scheme == "http" or "." not in host else "public"
    if address.is_loopback:
        return "loopback"
    return "private" if address.is_private or split.scheme == "http" else "public"


def _prefix(params: Mapping[str, Any]) -> tuple[str, str]:
    """LiteLLM's provider and the id behind it. Raises NotCarried."""
    model = _text(params.get("model"))
    if not model:
        raise NotCarried("it has no `litellm_params.model`")
    if "*" in model:
        raise NotCarried("wildcards name models that are not listed; fetch them with `lineup providers fetch` instead")
    said = _text(params.get("custom_llm_provider"))
    prefix, slash, rest = model.partition("/")
    if said in _PREFIXES:
        return said, rest if slash and prefix == said else model
    if said is None and slash and prefix in _PREFIXES:
        return prefix, rest
    known = next((whose for begin, whose in _WHOSE if model.startswith(begin)), None)
    if said is None and not slash and known is not None:
        return known, model
    raise NotCarried(f"Lineup has no kind of provider for {(said or prefix)[:60]!r}")


def _address(params: Mapping[str, Any]) -> str | None:
    """Raises NotCarried."""
    said = _text(params.get("api_base")) or _text(params.get("base_url"))
    if said is None:
        return None
    if said.startswith("os.environ/"):
        raise NotCarried(f"its address is in the variable {said[11:][:100]!r}; a file holds addresses: write it there")
    try:
        split = urlsplit(said)
        _ = split.port
    except ValueError:
        raise NotCarried("its `api_base` is no address") from None
    if (
        not said.isascii()
        or not said.isprintable()
        or len(said) > 2_048
        or split.scheme not in ("http", "https")
        or not split.hostname
        or split.username is not None
        or split.query
    ):
        raise NotCarried("its `api_base` is no address that Lineup takes (http or https, no credentials, no query)")
    return said.rstrip("/")


def _cut(base_url: str, kind: str) -> str:
    """Some kinds take their address without the version."""
    return next((base_url.removesuffix(end) for end in _ENDINGS[kind] if base_url.endswith(end)), base_url)


def _key(said: Any) -> str | None:
    text = _text(said)
    if not text or text.lower() in ("none", "dummy", "anything"):
        return None
    name = text.removeprefix("os.environ/")
    return f"env:{name}" if name != text and name.isidentifier() and name.isascii() and len(name) <= 200 else LITERAL


def _text(said: Any) -> str | None:
    return str(said).strip() if isinstance(said, str | int | float) and not isinstance(said, bool) else None
