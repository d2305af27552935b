"""A line to a server that can break: passes bytes on, until it is told to cut.

async with LossyLine("127.0.0.1", 5432) as line:    connect to 127.0.0.1:{line.port}
    await line.cut()                                all connections break, no new one is taken
    await line.mend()                               it works again, at the same port
    line.lose_answer_to(b"COMMIT", after=2)         the third such request arrives; its answer does not
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from typing import Self


class LossyLine:
    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open: set[StreamWriter] = set()
        self._losing: bytes | None = None
        self._pass_first = 0
        self.port = 0
        self.lost = 0
        """How many answers never arrived."""

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        self._open.clear()

    def lose_answer_to(self, request: bytes, after: int = 0) -> None:
        self._losing, self._pass_first = request, after

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        answers, requests = await asyncio.open_connection(*self._target)
        self._open |= {writer, requests}
        back = asyncio.create_task(self._pass(answers, writer))
        try:
            while data := await reader.read(65536):
                losing = self._is_to_lose(data)
                if losing:
                    self._losing = None
                    back.cancel()
                    await asyncio.wait({back})
                requests.write(data)
                await requests.drain()
                if losing:
                    await answers.read(65536)  # the server has done it: only nobody hears of it
                    self.lost += 1
                    break
        except OSError:
            return
        finally:
            back.cancel()
            for stream_writer in (writer, requests):
                self._open.discard(stream_writer)
                stream_writer.transport.abort()

    def _is_to_lose(self, data: bytes) -> bool:
        if self._losing is None or self._losing not in data:
            return False
        self._pass_first -= 1
        return self._pass_first < 0

    @staticmethod
    async def _pass(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            with suppress(OSError):
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
            writer.close()
        except asyncio.CancelledError:
            return
