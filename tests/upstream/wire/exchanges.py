"""One exchange over a client's pool, as short as the tests of the pool need it."""

from model_lineup.upstream.wire import Client, Deadlines, Path, Request, Response, Scope
from tests.fakes.wire_server import WireServer

LOCAL = Path(scope=Scope.LOOPBACK)
SHORT = Deadlines(connect_s=20, first_byte_s=20, idle_s=20, total_s=40)


async def send(client: Client, server: WireServer, *headers: tuple[str, str], method: str = "GET") -> Response:
    return await client.send(Request(method, server.url, headers), path=LOCAL, deadlines=SHORT)


async def fetch(client: Client, server: WireServer, *headers: tuple[str, str]) -> bool:
    """Whether the connection was a used one."""
    async with await send(client, server, *headers) as response:
        await response.read(1000)
        return response.reused
