"""From an origin to an open connection: egress policy, name, TCP, proxy, TLS, all before one deadline."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from model_lineup.upstream.wire.connection import Connection
from model_lineup.upstream.wire.egress import (
    check_addresses,
    check_not_ourselves,
    check_origin,
    check_proxy,
    literal_address,
)
from model_lineup.upstream.wire.faults import (
    AddressRefused,
    ConnectFailed,
    DeadlinePassed,
    NameNotResolved,
    Phase,
    ProxyFailed,
)
from model_lineup.upstream.wire.origin import BadUrl, Origin
from model_lineup.upstream.wire.receipts import Receipts, ask_for_stamps
from model_lineup.upstream.wire.resolve import Resolver
from model_lineup.upstream.wire.shapes import Path, Scope
from model_lineup.upstream.wire.stamped import StampedTransport
from model_lineup.upstream.wire.stamped_tls import StampedTls
from model_lineup.upstream.wire.tls import Contexts, describe
from model_lineup.upstream.wire.tunnel import Tunnel

Listeners = Callable[[], Collection[tuple[str, int]]]
"""Address and port of every listener that belongs to Lineup, asked anew at each dialling."""


@dataclass(frozen=True, slots=True)
class Dialler:
    """What every dialling needs. With `receipts`, connections are made that know when the kernel received something."""

    resolver: Resolver
    contexts: Contexts
    listeners: Listeners
    receipts: Receipts | None = None

    async def open(self, connection: Connection, within_s: float) -> None:
        """Connect `connection` to the origin of its key. Raises `WireError`."""
        dialling = _Dialling(self, connection, within_s)
        try:
            async with asyncio.timeout(within_s):
                await dialling.run()
        except TimeoutError:
            raise DeadlinePassed("connect", dialling.phase, within_s) from None

    async def try_proxy(self, proxy: str, within_s: float) -> None:
        """Whether this proxy takes a connection; nothing is sent to it. Raises `WireError`."""
        path = Path(scope=Scope.PRIVATE, proxy=proxy)
        reaching = _Reaching(self, path, within_s)
        try:
            async with asyncio.timeout(within_s):
                (await reaching.reach(_proxy_of(path), is_proxy=True)).close()
        except TimeoutError:
            raise DeadlinePassed("connect", reaching.phase, within_s) from None


class _Reaching:
    """The way to the first hop; `phase` says how far it got."""

    def __init__(self, dialler: Dialler, path: Path, within_s: float) -> None:
        self.phase: Phase = "dns"
        self._dialler = dialler
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._within_s = within_s
        self._ends_at = self._loop.time() + within_s

    async def reach(self, hop: Origin, *, is_proxy: bool) -> socket.socket:
        addresses = await self._allowed_addresses(hop, is_proxy=is_proxy)
        self.phase = "connect"
        return await self._reach(addresses, hop.port)

    async def _allowed_addresses(self, hop: Origin, *, is_proxy: bool) -> Sequence[str]:
        """The checked addresses; only these are connected to, so that a second answer of the name changes nothing."""
        literal = literal_address(hop.host)
        try:
            addresses = [literal] if literal else await self._dialler.resolver(hop.host, hop.port)
        except OSError as error:
            why = error.strerror or "no answer"
            raise NameNotResolved(f"The name {hop.host} cannot be resolved ({why}).") from None
        if not addresses:
            raise NameNotResolved(f"The name {hop.host} has no address.")
        if is_proxy:
            check_proxy(hop, addresses)
        else:
            check_addresses(hop, addresses, self._path.scope)
        check_not_ourselves(hop, addresses, self._dialler.listeners())
        return addresses

    async def _reach(self, addresses: Sequence[str], port: int) -> socket.socket:
        """The first address that takes a connection; each may use its share of the time that is left."""
        reasons: list[str] = []
        for tried, address in enumerate(addresses):
            share = (self._ends_at - self._loop.time()) / (len(addresses) - tried)
            try:
                if tried == len(addresses) - 1:
                    return await self._connect(address, port)
                async with asyncio.timeout(share):
                    return await self._connect(address, port)
            except OSError as error:
                reasons.append(f"{address}: {error.strerror or 'no answer'}")
        raise ConnectFailed(f"No connection to port {port} ({'; '.join(reasons)}).")

    async def _connect(self, address: str, port: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._dialler.receipts is not None and self._dialler.receipts.kernel:
                ask_for_stamps(sock)
            await self._loop.sock_connect(sock, (address, port))
        except BaseException:
            sock.close()
            raise
        return sock


class _Dialling(_Reaching):
    """One attempt to open a connection."""

    def __init__(self, dialler: Dialler, connection: Connection, within_s: float) -> None:
        super().__init__(dialler, connection.key.path, within_s)
        self._connection = connection
        self._origin = connection.key.origin

    async def run(self) -> None:
        check_origin(self._origin, self._path.scope)
        if self._path.proxy is None:
            await self._directly(await self.reach(self._origin, is_proxy=False))
            return
        sock = await self.reach(_proxy_of(self._path), is_proxy=True)
        self.phase = "proxy"
        await self._through_proxy(sock)

    async def _directly(self, sock: socket.socket) -> None:
        if self._origin.scheme == "http":
            await self._adopt(sock, self._connection)
            return
        self.phase = "tls"
        try:
            context = await self._dialler.contexts.of(self._path.ca_bundle)
            if self._dialler.receipts is not None:
                await self._secure(StampedTransport(self._loop, sock, self._dialler.receipts), context)
                return
            await self._loop.create_connection(
                lambda: self._connection,
                sock=sock,
                ssl=context,
                server_hostname=self._origin.host,
                ssl_handshake_timeout=self._within_s + 1,
            )
        except BaseException as error:
            sock.close()
            if isinstance(error, OSError):
                raise describe(self._origin.host, error) from None
            raise

    async def _through_proxy(self, sock: socket.socket) -> None:
        tunnel = Tunnel(self._loop, self._origin)
        transport = await self._adopt(sock, tunnel)
        try:
            await tunnel.opened
            await self._take_over(transport)
        except BaseException:
            transport.abort()
            raise

    async def _take_over(self, transport: asyncio.Transport) -> None:
        """The tunnel stands: what follows is the talk with the origin."""
        if self._origin.scheme == "http":
            transport.set_protocol(self._connection)
            self._connection.connection_made(transport)
            return
        self.phase = "tls"
        context = await self._dialler.contexts.of(self._path.ca_bundle)
        try:
            if isinstance(transport, StampedTransport):
                await self._secure(transport, context)
                return
            secured = await self._loop.start_tls(
                transport,
                self._connection,
                context,
                server_hostname=self._origin.host,
                ssl_handshake_timeout=self._within_s + 1,
            )
        except OSError as error:
            raise describe(self._origin.host, error) from None
        assert secured is not None
        self._connection.connection_made(secured)

    async def _secure(self, transport: StampedTransport, context: ssl.SSLContext) -> None:
        tls = StampedTls(transport, context, self._origin.host)
        transport.start(tls)
        try:
            await tls.handshake(self._connection)
        except BaseException:
            transport.abort()
            raise

    async def _adopt(self, sock: socket.socket, protocol: asyncio.BaseProtocol) -> asyncio.Transport:
        if self._dialler.receipts is not None:
            stamped = StampedTransport(self._loop, sock, self._dialler.receipts)
            stamped.start(protocol)
            return stamped
        try:
            transport, _ = await self._loop.create_connection(lambda: protocol, sock=sock)
        except BaseException:
            sock.close()
            raise
        return transport


def _proxy_of(path: Path) -> Origin:
    assert path.proxy is not None
    if path.scope is Scope.LOOPBACK:
        raise AddressRefused("A proxy cannot reach this machine's own addresses; remove the proxy.", needed=None)
    try:
        proxy = Origin.of(path.proxy)
    except BadUrl as error:
        raise ProxyFailed(f"The proxy's address cannot be used. {error}") from None
    if proxy.scheme != "http":
        raise ProxyFailed("The proxy's address must be http://host:port.")
    return proxy
