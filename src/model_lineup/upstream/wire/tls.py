"""TLS contexts, and words for what goes wrong with them. Certificates are always verified; there is no switch."""

import asyncio
import ssl
from concurrent.futures import Executor

from model_lineup.upstream.wire.faults import TlsFailed

_CACHED = 256
_BY_VERIFY_CODE = {
    9: "its certificate is not valid yet; compare the clocks of both machines",
    10: "its certificate has expired",
    18: "its certificate is self-signed; add it to the provider as CA bundle if it is meant",
    19: "its certificate comes from a private authority; add that one's certificate to the provider as CA bundle",
    20: "its certificate comes from an unknown authority, or the server does not send the whole chain",
    21: "its certificate comes from an unknown authority, or the server does not send the whole chain",
    62: "its certificate is for another host name",
    64: "its certificate is for another address",
}
_BY_REASON = {
    "WRONG_VERSION_NUMBER": "it does not speak TLS on this port; is the address plain http://?",
    "HTTP_REQUEST": "it does not speak TLS on this port; is the address plain http://?",
    "UNSUPPORTED_PROTOCOL": "it offers only TLS versions that are too old",
    "TLSV1_ALERT_PROTOCOL_VERSION": "it offers only TLS versions that are too old",
    "TLSV1_UNRECOGNIZED_NAME": "it does not know this host name",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it asks for a client certificate, which is not supported",
}


class Contexts:
    """One context per CA bundle. Loading the system's authorities takes 20 ms and more, so it happens in a thread."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._made: dict[str | None, ssl.SSLContext] = {}

    async def of(self, ca_bundle: str | None) -> ssl.SSLContext:
        """`ca_bundle`: PEM text, which then is all that is trusted; None for the system's authorities."""
        made = self._made.get(ca_bundle)
        if made is None:
            made = await asyncio.get_running_loop().run_in_executor(self._threads, make_context, ca_bundle)
            if len(self._made) >= _CACHED:
                self._made.clear()
            self._made[ca_bundle] = made
        return made


def make_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Raises `TlsFailed` when the bundle cannot be read.

    Not `ssl.create_default_context`, which writes session keys to a file that the environment names.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca_bundle is None:
        context.load_default_certs()
        return context
    ascii_alone = ca_bundle.encode("ascii", "replace").decode("ascii")  # bundles name their certificates in between
    try:
        context.load_verify_locations(cadata=ascii_alone)
    except (ssl.SSLError, ValueError):
        raise TlsFailed("The CA bundle cannot be read; it must be PEM text with at least one certificate.") from None
    return context


def describe(host: str, error: OSError) -> TlsFailed:
    """A handshake's failure in words that say what to do; nothing that the server sent is repeated."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = _BY_VERIFY_CODE.get(error.verify_code, f"its certificate is refused ({error.verify_message})")
    elif isinstance(error, ssl.SSLError):
        why = _BY_REASON.get(error.reason or "", f"the handshake failed ({error.reason or 'no reason given'})")
    else:
        why = "it closed the connection during the handshake"
    return TlsFailed(f"No TLS connection to {host}: {why}.")
