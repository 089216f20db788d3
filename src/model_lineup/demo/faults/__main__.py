"""`python -m model_lineup.demo.faults [--port N]`: serves until standard input closes. The origin is its first line."""

import argparse
import asyncio
import contextlib
import os

from model_lineup.demo.faults.server import FaultServer


async def _serve(port: int) -> None:
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(0, lambda: None if os.read(0, 4096) else over.set())
    async with FaultServer(port) as server:
        print(server.origin, flush=True)
        await over.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A provider that misbehaves.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
