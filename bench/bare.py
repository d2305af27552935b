"""The least that could answer: an ASGI app that sends bytes it has in memory, on Crossdock's own server.

python -m bench.bare PORT FILE…: `/0` sends the first file, `/1` the second.
"""

import asyncio
import sys
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from crossdock.config import Settings
from crossdock.services.server import serve


def app(bodies: list[bytes]) -> ASGIApp:
    heads = [
        [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")] for body in bodies
    ]

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        number = int(scope["path"][1:])
        await send({"type": "http.response.start", "status": 200, "headers": heads[number]})
        await send({"type": "http.response.body", "body": bodies[number]})

    return answer


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def main() -> None:
    port, *files = sys.argv[1:]
    bodies = [Path(file).read_bytes() for file in files]
    asyncio.run(serve(Settings(port=int(port)), app(bodies)))


if __name__ == "__main__":
    main()
