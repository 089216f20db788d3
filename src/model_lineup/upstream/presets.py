"""Well-known services and servers as data: what a form can fill in when somebody picks one by name.

A preset is only a proposal. Everything in it can be changed, nothing is looked up in it later, and a server that is not
here needs no preset to be used. Base URLs are those that the makers document, read 2026-11-23.
"""

from msgspec import Struct

from model_lineup.upstream.contract import NetworkScope


class Preset(Struct, frozen=True):
    """`type` is a kind. `key_needed`: whether its maker hands out keys, so that it is no use without one."""

    name: str
    label: str
    type: str
    base_url: str
    network_scope: NetworkScope = "public"
    key_needed: bool = True


def _service(name: str, label: str, base_url: str, kind: str = "openai") -> Preset:
    return Preset(name, label, kind, base_url)


def _local(name: str, label: str, port: int, kind: str = "openai", path: str = "/v1") -> Preset:
    """A server on this machine, at the port that it takes when nothing else is said."""
    return Preset(name, label, kind, f"http://127.0.0.1:{port}{path}", "loopback", key_needed=False)


PRESETS: tuple[Preset, ...] = (
    _service("openai", "OpenAI", "https://api.openai.com/v1"),
    _service("anthropic", "Anthropic", "https://api.anthropic.com", "anthropic"),
    _service("google", "Google Gemini", "https://generativelanguage.googleapis.com", "google"),
    _service("openrouter", "OpenRouter", "https://openrouter.ai/api/v1"),
    _service("mistral", "Mistral", "https://api.mistral.ai/v1"),
    _service("groq", "Groq", "https://api.groq.com/openai/v1"),
    _service("deepseek", "DeepSeek", "https://api.deepseek.com"),
    _service("xai", "xAI", "https://api.x.ai/v1"),
    _service("together", "Together AI", "https://api.together.xyz/v1"),
    _service("fireworks", "Fireworks AI", "https://api.fireworks.ai/inference/v1"),
    _service("cerebras", "Cerebras", "https://api.cerebras.ai/v1"),
    _service("deepinfra", "DeepInfra", "https://api.deepinfra.com/v1/openai"),
    _service("huggingface", "Hugging Face", "https://router.huggingface.co/v1"),
    _service("nvidia", "NVIDIA", "https://integrate.api.nvidia.com/v1"),
    _service("moonshot", "Moonshot AI", "https://api.moonshot.ai/v1"),
    _service("alibaba", "Alibaba Cloud", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
    _service("nebius", "Nebius", "https://api.tokenfactory.nebius.com/v1"),
    _service("scaleway", "Scaleway", "https://api.scaleway.ai/v1"),
    _local("ollama", "Ollama", 11434, "ollama", ""),
    _local("llama-cpp", "llama.cpp", 8080),
    _local("vllm", "vLLM", 8000),
    _local("sglang", "SGLang", 30000),
    _local("lm-studio", "LM Studio", 1234),
    _local("litellm", "LiteLLM proxy", 4000),
)
"""In the order of a form: services first, then servers on this machine."""
