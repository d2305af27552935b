"""Carrying out the steps of a write, or only showing them."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from crossdock.errors import Uncertain, VendorError, VendorUnavailable
from crossdock.kit.contract import Call, Json, Wait, WireRequest
from crossdock.writes.aside import SMALL, SizedUpload, aside


class StepCaller(Protocol):
    """The methods of a client that writes."""

    async def call(self, call: Call) -> Json: ...

    def shown(self, call: Call) -> WireRequest: ...


@dataclass
class StepProgress:
    """The progress of a write."""

    done: int = 0
    """Calls that changed something, and were answered."""
    is_open: bool = False
    """Whether a call that changes something was made, and not answered, or only begun."""
    is_begun: bool = False
    """Whether an operation was begun, and is asked for."""

    def begin(self, call: Call) -> None:
        """A call is made now."""
        if not call.asks:
            self.done += self.is_begun
            self.is_open, self.is_begun = True, False

    def end(self, call: Call) -> None:
        """The call was answered."""
        if not call.asks:
            self.is_open = self.is_begun = call.begins
            self.done += not call.begins


async def execute(
    client: StepCaller,
    steps: Generator[Call | Wait, Json, Any],
    progress: StepProgress | None = None,
    sized_upload: SizedUpload = SMALL,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> Any:
    """Carry out the steps, each call once, in turn, and return their result. Raises what a call raises.

    sized_upload: the write that they are the steps of; those of a large one are worked out aside.
    """
    progress = progress or StepProgress()
    answer: Json = None
    while True:
        step, result = await aside(sized_upload, _next, steps, answer)
        if step is None:
            return result
        if isinstance(step, Wait):
            await sleep(step.seconds)
            answer = None
            continue
        progress.begin(step)
        answer = await _answered(client, step, progress)
        progress.end(step)


async def _answered(client: StepCaller, call: Call, progress: StepProgress) -> Json:
    """The answer to a call. Where asking for an operation fails, that says nothing of the operation."""
    try:
        return await client.call(call)
    except VendorUnavailable:
        raise
    except VendorError as failure:
        if call.asks and progress.is_begun:
            raise Uncertain(f"{failure}; whether it was done is unknown") from failure
        raise


def _next(steps: Generator[Call | Wait, Json, Any], answer: Json) -> tuple[Call | Wait | None, Any]:
    """The next step; or None, and what the steps return."""
    try:
        return steps.send(answer), None
    except StopIteration as end:
        return None, end.value


class UndeterminedWrite(Exception):
    """A write whose next step depends on an answer that nobody has."""


@dataclass(frozen=True, eq=False)
class StepAnswer:
    """An answer that there is not: what stands for it, or for a part of it, in a request that is shown."""

    name: str

    def __getitem__(self, part: Any) -> "StepAnswer":
        return StepAnswer(f"{self.name}[{part!r}]")

    def __str__(self) -> str:
        return f"{{{self.name}}}"

    def _depends(self, *_: Any) -> NoReturn:
        raise UndeterminedWrite(self.name)

    __bool__ = __iter__ = __len__ = __int__ = __float__ = __contains__ = __getattr__ = _depends
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _depends
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _depends


def spelt_out(value: Any) -> Any:
    """A value for JSON, with a text in place of each answer that there is not."""
    if isinstance(value, StepAnswer):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): spelt_out(item) for name, item in value.items()}
    return [spelt_out(item) for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class DryRunSteps:
    """The requests that a write would make."""

    calls: list[Call]
    is_complete: bool
    """Whether that is all. Otherwise what follows depends on the answers."""


def dry_run(steps: Generator[Call | Wait, Json, Any]) -> DryRunSteps:
    """The calls of a write, none of them made, and nothing waited for."""
    calls: list[Call] = []
    answer: Any = None
    try:
        while True:
            step = steps.send(answer)
            if isinstance(step, Wait):
                answer = None
                continue
            calls.append(step)
            answer = StepAnswer(f"answer {len(calls)}")
    except StopIteration:
        return DryRunSteps(calls, is_complete=True)
    except UndeterminedWrite:
        return DryRunSteps(calls, is_complete=False)
