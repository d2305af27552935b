"""The processes that customers' scripts run in: a few, each for one script at a time, killed when it is late.

    owner's turn ─ a free place ─ a worker that lives, or a new one ─ script and argument ─▶ Answer
                                                                      └─ late, dead, nonsense ─▶ ScriptEnded

Of one owner one script runs at a time: one that takes all its time makes others wait for a run of it, never
for its queue. What is waited for, a worker's start too, does not count as the script's time.
"""

import asyncio
import os
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from weakref import WeakValueDictionary

import msgspec
import structlog

from crossdock.webhooks import transform_worker

WALL_SECONDS = 1.0
START_SECONDS = 10.0
MOST_FRAME_BYTES = 2 * transform_worker.MOST_RESULT_BYTES + 2**16

log = structlog.get_logger(__name__)


class ScriptEnded(Exception):
    """An end of a script without an answer; the message says why, for whoever wrote the script."""


@cache
def missing() -> str | None:
    """The reason why scripts can't run here; None: they can."""
    if sys.platform == "win32":
        return "transformations are off: this system can't limit what a process may do"
    try:
        distribution("quickjs-ng")
    except PackageNotFoundError:
        return "transformations are off: the Python package quickjs-ng is not installed on the server"
    return None if _engine_file() else "transformations are off: the package quickjs-ng is damaged"


def _engine_file() -> str | None:
    spec = find_spec("_quickjs")
    return spec.origin if spec else None


class ScriptAnswer(msgspec.Struct):
    """The answer of a worker: a result, or an error and where it was thrown."""

    result: str | None = None
    error: str = ""
    trace: str = ""


class ScriptPool:
    """A few workers; they are started when first needed."""

    def __init__(self, workers: int) -> None:
        self._size = workers
        self._places = asyncio.Semaphore(workers)
        self._idle: list[_ScriptWorker] = []
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._closed = False
        self._failing = False

    async def close(self) -> None:
        """End the workers, each after the script that it is at. Whoever waits gets ScriptEnded."""
        self._closed = True
        for _ in range(self._size):
            await self._places.acquire()
        while self._idle:
            await self._idle.pop().end()
        for _ in range(self._size):
            self._places.release()

    async def ask(self, script: bytes, argument: bytes, *, owner: str) -> ScriptAnswer:
        """Run a script in a worker, in the owner's turn. Raises ScriptEnded."""
        turn = self._turns.setdefault(owner, asyncio.Lock())
        async with turn, self._places:
            if self._closed:
                raise ScriptEnded("the server is stopping")
            worker = await self._worker()
            answered = False
            try:
                answer = await worker.answer(script, argument)
                answered = True
            finally:
                # Also when whoever asked is cancelled: what is still to come must not reach somebody else.
                if answered:
                    self._idle.append(worker)
                else:
                    await worker.end()
            return answer

    async def _worker(self) -> "_ScriptWorker":
        """One that is free and alive, or a new one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            await worker.end()
        try:
            worker = await _ScriptWorker.start()
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as problem:
            if not self._failing:
                self._failing = True
                log.error("scripts_failing", error=repr(problem))
            raise ScriptEnded("the server could not start a process for the script") from None
        if self._failing:
            self._failing = False
            log.info("scripts_recovered")
        return worker


class _ReadyWorker(msgspec.Struct):
    """The first thing a worker sends: which of its limits the system set."""

    ready: list[str]


@dataclass(frozen=True)
class _ScriptWorker:
    """A process for scripts, and the two pipes to it."""

    process: asyncio.subprocess.Process
    requests: asyncio.StreamWriter
    answers: asyncio.StreamReader

    @classmethod
    async def start(cls) -> "_ScriptWorker":
        """Start a worker. Raises OSError, TimeoutError or IncompleteReadError when it does not get ready."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", transform_worker.__file__, _engine_file() or "", str(os.getpid()),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={},
        )  # fmt: skip
        assert process.stdin
        assert process.stdout
        worker, is_ready = cls(process, process.stdin, process.stdout), False
        try:
            async with asyncio.timeout(START_SECONDS):
                locks = msgspec.json.decode(await worker._frame(), type=_ReadyWorker).ready
            is_ready = True
        finally:
            if not is_ready:
                await worker.end()
        log.debug("script_worker_started", pid=process.pid, limits=locks)
        return worker

    @property
    def alive(self) -> bool:
        return self.process.returncode is None and not self.answers.at_eof()

    async def answer(self, script: bytes, argument: bytes) -> ScriptAnswer:
        """Run a script and return its answer. Raises ScriptEnded; then this worker is of no more use."""
        try:
            async with asyncio.timeout(WALL_SECONDS):
                self.requests.write(struct.pack(">II", len(script), len(argument)) + script + argument)
                await self.requests.drain()
                return msgspec.json.decode(await self._frame(), type=ScriptAnswer)
        except TimeoutError:
            problem = f"the script took more than {WALL_SECONDS:g} s"
        except (OSError, asyncio.IncompleteReadError, msgspec.DecodeError):
            problem = "the script brought down the process that it ran in"
        raise ScriptEnded(problem)

    async def _frame(self) -> bytes:
        (length,) = struct.unpack(">I", await self.answers.readexactly(4))
        if length > MOST_FRAME_BYTES:
            raise msgspec.DecodeError("a frame larger than any answer")
        return await self.answers.readexactly(length)

    async def end(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        self.requests.close()
        await self.process.wait()
