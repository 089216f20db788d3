"""A provider's form: its fields as the kind names them, and the way from what was entered to the API's bodies."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from model_lineup.api.providers import NewProviderBody, ProviderPatch
from model_lineup.catalog.provider_rules import ALLOWED_HEADERS, TIMEOUT_CEILINGS
from model_lineup.catalog.shapes import Provider
from model_lineup.errors import InvalidInput, NotFound
from model_lineup.panel.forms import Form, validated
from model_lineup.upstream import registry
from model_lineup.upstream.contract import FormField, Kind
from model_lineup.upstream.presets import PRESETS, Preset

SCOPES = (
    ("public", "public: the internet, over https"),
    ("private", "private: my network too, also plain http"),
    ("loopback", "loopback: this machine too"),
)
TEXTS = ("name", "base_url", "network_scope", "headers", "api_version", "ca_bundle", "proxy")
OPTIONAL = ("api_version", "ca_bundle", "proxy")
LOCAL_PORT = 8410
LOCAL_MODEL = Preset("local-demo", "Local demo model", "openai", f"http://127.0.0.1:{LOCAL_PORT}/v1", "loopback", False)


class Fields(NamedTuple):
    """What a template needs: `main` stands open, `more` under Advanced, both names of fields; `said` of each is what
    the kind tells."""

    kind: Kind
    main: list[str]
    more: list[str]
    said: Mapping[str, FormField]
    timeouts: Mapping[str, int]
    headers: list[str]
    scopes: tuple[tuple[str, str], ...] = SCOPES


def fields_of(kind_name: str) -> Fields:
    """Raises NotFound for no kind."""
    kind = registry.kinds().get(kind_name)
    if kind is None:
        raise NotFound(f"There is no kind of provider {kind_name[:40]!r}.", type=kind_name[:40])
    said = {field.name: field for field in kind.fields}
    main = [name for name in said if name in ("base_url", "api_key", "api_version")]
    more = [name for name in ("headers", "api_version", "ca_bundle", "proxy") if name not in main]
    return Fields(kind, main, more, said, TIMEOUT_CEILINGS, sorted(ALLOWED_HEADERS))


def preset_named(name: str) -> Preset | None:
    return next((one for one in (*PRESETS, LOCAL_MODEL) if one.name == name), None)


def proposed(kind: Kind, preset: Preset | None) -> dict[str, Any]:
    """What a new form holds."""
    empty = dict.fromkeys(TEXTS, "")
    if preset is None:
        return {**empty, "base_url": kind.default_base_url or "", "network_scope": "public", "timeouts": {}}
    address = {"name": preset.label, "base_url": preset.base_url, "network_scope": preset.network_scope}
    return {**empty, **address, "timeouts": {}}


def stored(provider: Provider) -> dict[str, Any]:
    """What the form of a provider holds; its key is in none."""
    texts = {name: getattr(provider, name) or "" for name in TEXTS if name != "headers"}
    headers = "\n".join(f"{name}: {value}" for name, value in provider.headers.items())
    return {**texts, "headers": headers, "timeouts": {name: f"{s:g}" for name, s in provider.timeouts.items()}}


def entered(form: Form) -> dict[str, Any]:
    """What was typed, to be shown again: everything but the key."""
    timeouts = {name: form.text(f"timeout_{name}") for name in TIMEOUT_CEILINGS}
    return {**{name: form.text(name) for name in TEXTS}, "network_scope": _scope(form), "timeouts": timeouts}


def new_provider(form: Form, kind: str) -> NewProviderBody:
    """Raises InvalidInput."""
    key = form.raw("api_key").strip()
    return validated(NewProviderBody, {**_values(form), "type": kind, "api_key": key or None})


def patch(form: Form) -> ProviderPatch:
    """Everything that the form holds; the key only where one was typed, or it is to be removed. Raises InvalidInput."""
    values, key = _values(form), form.raw("api_key").strip()
    if key:
        values["api_key"] = key
    elif form.flag("remove_key"):
        values["api_key"] = None
    return validated(ProviderPatch, values)


def _values(form: Form) -> dict[str, Any]:
    values: dict[str, Any] = {name: form.text(name) for name in ("name", "base_url")}
    values |= {name: form.text(name) or None for name in OPTIONAL}
    timeouts = {name: form.number(f"timeout_{name}") for name in TIMEOUT_CEILINGS}
    values["timeouts"] = {name: seconds for name, seconds in timeouts.items() if seconds is not None}
    return {**values, "network_scope": _scope(form), "headers": _headers(form.text("headers"))}


def _scope(form: Form) -> str:
    """The one that a button offered counts more than the one that was chosen before."""
    return form.text("scope_instead") or form.text("network_scope")


def _headers(text: str) -> dict[str, str]:
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon:
            raise InvalidInput.at("/headers", "write one header a line, as Name: value")
        found[name.strip()] = value.strip()
    return found
