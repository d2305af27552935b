"""A receiver of webhooks that costs as little as Python can: it answers 204 and notes what arrived when.

python -m bench.receiver PORT: POST anywhere is noted, but `/hang` is never answered; GET /report tells the
ids that arrived, and how many milliseconds after their `at`, a number or a text "at-…"; it then forgets them.
"""

import asyncio
import json
import re
import sys
import time

HEAD = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
ID = re.compile(rb"webhook-id: (\S+)", re.IGNORECASE)
AT = re.compile(rb'"at(?:":|-)(\d+)')
DONE = b"HTTP/1.1 204 No Content\r\n\r\n"

arrived: dict[str, float] = {}


class Talk(asyncio.Protocol):
    """One connection, kept open."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.data = b""

    def data_received(self, data: bytes) -> None:
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = self.data[:end]
            length = HEAD.search(head)
            whole_end = end + 4 + (int(length[1]) if length else 0)
            if len(self.data) < whole_end:
                return
            self._take(head, self.data[end + 4 : whole_end])
            self.data = self.data[whole_end:]

    def _take(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            text = json.dumps(list(arrived.items())).encode()
            arrived.clear()
            self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(text), text))
            return
        if head.startswith(b"POST /hang"):
            return
        named, at = ID.search(head), AT.search(body)
        if named and at:
            arrived.setdefault(named[1].decode(), time.time() * 1000 - int(at[1]))
        self.transport.write(DONE)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Talk, "127.0.0.1", int(sys.argv[1]))
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
