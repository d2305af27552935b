"""Having the vendor do a command: its calls, one after the other."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from crossdock.errors import LeaseLost, Uncertain, VendorError
from crossdock.kit.contract import Call, Command, Json, WireRequest
from crossdock.writes.aside import aside
from crossdock.writes.request import WriteRequest
from crossdock.writes.steps import StepCaller, StepProgress, execute


@dataclass(frozen=True)
class Sent:
    """A command that the vendor has done: the ids of the records that it is about."""

    ids: Sequence[str]


@dataclass(frozen=True)
class Interrupted:
    """A command whose calls the vendor's failure has ended."""

    failure: VendorError
    progress: StepProgress


@dataclass(frozen=True)
class HeldCaller:
    """A client whose calls are made only while the write is ours. hold: raises LeaseLost when it is not."""

    client: StepCaller
    hold: Callable[[], Awaitable[None]]

    async def call(self, call: Call) -> Json:
        await self.hold()
        return await self.client.call(call)

    def shown(self, call: Call) -> WireRequest:
        return self.client.shown(call)


async def send(client: StepCaller, request: WriteRequest, command: Command) -> Sent | Interrupted:
    """Make the calls of a command.

    Raises Uncertain when the fault is ours, and something may have been done; also when the write is not ours
    any more, as whoever has it may do it.
    """
    progress = StepProgress()
    try:
        steps = await aside(request, request.integration.steps, command)
        ids = await execute(client, steps, progress, request)
    except VendorError as failure:
        return Interrupted(failure, progress)
    except LeaseLost as loss:
        raise Uncertain(f"{loss}; whether it was done is unknown") from loss
    except Exception as failure:
        if progress.done or progress.is_open:
            doubt = "the answer could not be made out; whether it was done is unknown"
            raise Uncertain(doubt) from failure
        raise
    return Sent([ids] if isinstance(ids, str) else ids)
