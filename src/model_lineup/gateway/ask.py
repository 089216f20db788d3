"""A caller's request: its top level read, its model's name taken, the rest left as the bytes that it is."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from model_lineup.gateway.failures import Refused
from model_lineup.gateway.toplevel import NOT_AN_OBJECT, DoubledKeyError, Span, TopLevel, replaced
from model_lineup.gateway.travelling import Said

_SMALL, _FEW = 16 * 1024, 32
_OURS = ("model", "stream", "stream_options")
_DESTINATIONS = frozenset(
    {
        *("apibase", "baseurl", "apikey", "apiversion", "apitype", "organization", "provider", "endpoint", "proxy"),
        *("extraheaders", "extraquery", "extrabody", "headers", "customllmprovider", "deploymentid", "project"),
        *("azureendpoint", "azureadtoken", "azuredeployment", "userconfig", "litellmparams", "modellist", "region"),
        *("awsaccesskeyid", "awssecretaccesskey", "awssessiontoken", "awsregionname", "awsbedrockruntimeendpoint"),
        *("vertexproject", "vertexlocation", "vertexcredentials", "authorization", "accesstoken", "url", "host"),
        *("xapikey", "apihost", "apiurl", "serverurl", "targeturl", "upstream", "upstreamurl", "callbackurl"),
        *("apiendpoint", "endpointurl", "baseuri", "openaiapibase", "openaibaseurl", "openaiapikey", "ollamahost"),
        *("anthropicapikey", "anthropicbaseurl", "authtoken", "bearertoken", "credentials", "proxies", "httpproxy"),
        *("sslverify", "azureadtokenprovider", "azureusername", "azurepassword", "tenantid", "clientid"),
        *("clientsecret", "awsrolename", "awssessionname", "awsprofilename", "awswebidentitytoken", "awsstsendpoint"),
        *("vertexaiproject", "vertexailocation", "vertexaicredentials", "sagemakerbaseurl", "litellmcredentialname"),
        *("regionname", "organizationid", "projectid", "deployment"),
    }
)
"""Fields, without case, `-` and `_`, with which other gateways let a caller choose where to, and as whom."""


class Ask:
    """One request's body. `name`: as the caller wrote it. `stream`: whether the answer is to be streamed. `said`: what
    Anthropic's format says of the body in the head."""

    __slots__ = ("_top", "body", "name", "said", "stream", "wants_usage")

    def __init__(self, body: bytes) -> None:
        """Raises Refused."""
        self.body = body
        self.said: Said | None = None
        self._top = _read(body)
        self.name = self._name()
        self.stream = self._flag("stream")
        options = self._value("stream_options") if self.stream else None
        self.wants_usage = isinstance(options, dict) and options.get("include_usage") is True

    def for_model(self, model_id: str, *, add_usage: bool) -> bytes:
        """The same bytes but for the model, and with the tokens counted in the stream where that is asked for."""
        written = msgspec.json.encode(model_id)
        return (
            replaced(self.body, [(self._place("model"), written), self._with_usage()])
            if add_usage
            else (self.named(written))
        )

    def named(self, written: bytes) -> bytes:
        """The same bytes but for the model. `written`: it, as JSON."""
        if bytes(self._top.values["model"]) == written:
            return self.body
        return replaced(self.body, [(self._place("model"), written)])

    def count(self, key: str) -> int:
        """A whole number that stands at the top level; 0 where none does."""
        if key not in self._top.values:
            return 0
        value = self._value(key)
        return value if type(value) is int and value > 0 else 0

    def largest(self, keys: Iterable[str]) -> int:
        """Of the whole numbers that stand at the top level under these keys."""
        return max([self.count(key) for key in keys if key in self._top.values], default=0)

    def decoded(self) -> dict[str, Any]:
        """All of it, for a translation. Raises Refused for a number that no reader can hold, which passing on would
        have left to the provider."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except msgspec.ValidationError:
            return {key: self._value(key) for key in self._top.values}

    def _with_usage(self) -> tuple[Span, bytes]:
        if "stream_options" not in self._top.values:
            after = self._place("stream").end
            return Span(after, after), b',"stream_options":{"include_usage":true}'
        place = self._place("stream_options")
        options = self._value("stream_options") or {}
        return place, msgspec.json.encode({**options, "include_usage": True})

    def _place(self, key: str) -> Span:
        """Of a value that is there."""
        place = self._top.place(key)
        assert place is not None  # nosec B101
        return place

    def _name(self) -> str:
        name = self._value("model")
        if name is None:
            raise Refused(400, "model_missing", 'Say which model: "model" is missing.', param="model")
        if not isinstance(name, str) or not name:
            raise Refused(400, "invalid_model", "The model's name must be text.", param="model")
        return name

    def _flag(self, key: str) -> bool:
        value = self._value(key)
        if value is not None and not isinstance(value, bool):
            raise Refused(400, "invalid_field", f"{key} must be true or false.", param=key)
        return bool(value)

    def _value(self, key: str) -> Any:
        value = self._top.values.get(key)
        try:
            return None if value is None else msgspec.json.decode(value)
        except msgspec.ValidationError:
            raise Refused(
                400, "invalid_field", f"A number in {key[:100]!r} is out of range.", param=key[:100]
            ) from None


def _read(body: bytes) -> TopLevel:
    try:
        if not body.isascii():
            body.decode()  # below the top level nothing else would see that it is no text
        found = TopLevel(body)
    except DoubledKeyError as error:
        raise Refused(400, "doubled_field", f"{error.key[:100]!r} stands twice.", param=error.key[:100]) from None
    except NOT_AN_OBJECT:
        raise Refused(400, "malformed_json", "The body must be one JSON object.") from None
    try:
        is_small = len(body) < _SMALL and len(found.values) <= _FEW
        judge = _judge if is_small else _judge.__wrapped__  # what is kept must not grow with what is sent
        judge(tuple(found.values))
    except DoubledKeyError as error:
        message = f"{error.key!r} stands twice, in different case."
        raise Refused(400, "doubled_field", message, param=error.key) from None
    except _DestinationError as error:
        key = str(error)
        message = f"{key!r} would choose where the request goes, or as whom. Your administrator decides that."
        raise Refused(400, "destination_field", message, param=key) from None
    return found


class _DestinationError(ValueError):
    """This field would choose one."""


@lru_cache(maxsize=256)
def _judge(keys: tuple[str, ...]) -> None:
    """Raises DoubledKeyError, _DestinationError. Most requests have the same keys as others had before."""
    seen: set[str] = set()
    for key in keys:
        ours, destination = _judged(key)
        if ours is not None:
            if ours in seen:
                raise DoubledKeyError(ours)
            seen.add(ours)
        elif destination:
            raise _DestinationError(key)


def _judged(key: str) -> tuple[str | None, bool]:
    """The field of ours that it is but for its case, and whether it would choose a destination."""
    lowered = key.lower()
    return (lowered if lowered in _OURS else None), lowered.replace("_", "").replace("-", "") in _DESTINATIONS
