"""Handing messages to a Svix server, which then sends them: for who has outgrown our own sender.

Events go over in the order they were committed, each under our id as its `eventId`, with the same tags and
the same bytes. How far it is stands in the database: while the server is away nothing is lost, and what it
had taken when we died it refuses the second time, by that id. What somebody has to name to get
(`*.deleted`) stays here, since that server would send it to everybody.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from crossdock.errors import SettingsError, Unavailable
from crossdock.jobs.backoff import seconds_to_wait
from crossdock.resources.event_types import extension_types
from crossdock.store.engine import Database
from crossdock.store.ids import Clock
from crossdock.store.secrets import Vault
from crossdock.store.webhooks import deliveries, handovers, messages
from crossdock.store.webhooks.deliveries import CHANNEL
from crossdock.store.webhooks.handovers import Behind
from crossdock.store.webhooks.messages import EXPIRED, Message
from crossdock.webhooks import body as bodies

if TYPE_CHECKING:
    from svix.api import SvixAsync

AT_ONCE, BESIDE = 200, 8
"""Events that are read, and handed over, at a time."""
LEASE_MS = 120_000
LOOK_SECONDS = 1.0

log = structlog.get_logger()

Hand = Callable[[Behind, Message], Awaitable[None]]
"""Hands a message over; raises whatever keeps it from being taken."""


@dataclass
class Handover:
    """Hands over what happens, until `stop`. most_bytes: of a body; an event that has more is cut."""

    database: Database
    vault: Vault
    clock: Clock
    hand: Hand
    base_url: str
    most_bytes: int
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _is_stopping: bool = False

    def stop(self) -> None:
        self._is_stopping = True
        self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        await self._safely(self.database.listen(CHANNEL, self.wake, self.wake))
        while not self._is_stopping:
            self._wake.clear()
            if not await self._safely(self._step()):
                await self._sleep()

    async def drain(self) -> None:
        """Hands over until nothing is due."""
        while await self._step():
            pass

    async def _sleep(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
        except TimeoutError:
            return

    async def _safely(self, act: Awaitable[bool]) -> bool:
        try:
            return await act
        except Unavailable:
            return False  # the log has it from the engine, once
        except Exception:
            log.exception("handing over goes on after a failure")
            return False

    async def _step(self) -> bool:
        """Some events of an organization; whether there were any."""
        await self._drop_ours()
        now = self.clock()
        behind = await handovers.claim(self.database, now, now + LEASE_MS)
        if behind is None:
            return False
        found = await handovers.after(self.database, behind.organization_id, behind.seq, AT_ONCE)
        known = await messages.by_ids(self.database, self.vault, [one for _, one in found])
        reached, problem = behind.seq, None
        for start in range(0, len(found), BESIDE):
            part = found[start : start + BESIDE]
            ends = await asyncio.gather(
                *(self._one(behind, known[one]) for _, one in part), return_exceptions=True
            )
            problem = next((end for end in ends if isinstance(end, BaseException)), None)
            taken = next((n for n, end in enumerate(ends) if isinstance(end, BaseException)), len(ends))
            reached = part[taken - 1][0] if taken else reached
            if problem is not None:
                break
        await self._note(behind, reached, problem)
        return True

    async def _note(self, behind: Behind, reached: int, problem: BaseException | None) -> None:
        now = self.clock()
        if problem is None:
            await handovers.get_on(self.database, behind, reached, now, failed=False)
            return
        if behind.tries == 0:
            log.warning(
                "messages can't be handed over", organization=behind.organization_id, error=str(problem)
            )
        wait = seconds_to_wait(behind.tries + 1, random.random)
        await handovers.get_on(self.database, behind, reached, now + int(wait * 1000), failed=True)

    async def _one(self, behind: Behind, message: Message) -> None:
        if message.type in extension_types() or message.body == EXPIRED:
            return
        if len(message.body) > self.most_bytes and message.data_path is not None:
            cut = bodies.truncated(message.body, self.base_url + message.data_path)
            message = msgspec.structs.replace(message, body=cut)
        await self.hand(behind, message)

    async def _drop_ours(self) -> None:
        """What is due at endpoints that are still here is not sent: the other server sends it."""
        for one in await deliveries.due(self.database):
            while await deliveries.drop_due(self.database, one.endpoint, self.clock(), 1000) == 1000:
                pass


def to_svix(url: str, token: str) -> Hand:
    """Hands messages to the Svix server at this URL. Raises SettingsError where its client is missing."""
    try:
        from svix.api import SvixAsync, SvixOptions
    except ImportError:
        raise SettingsError("CROSSDOCK_SVIX_URL needs the client: pip install 'crossdock[svix]'") from None
    client = SvixAsync(token, SvixOptions(server_url=url))

    async def hand(behind: Behind, message: Message) -> None:
        await _create(client, behind, message)

    return hand


async def _create(client: "SvixAsync", behind: Behind, message: Message) -> None:
    from svix.api import ApplicationIn, MessageIn
    from svix.exceptions import HttpError

    params: dict[str, Any] = {
        "rawPayload": message.body.decode(), "headers": {"content-type": "application/json"},
    }  # fmt: skip
    asked = MessageIn(
        event_type=message.type, payload={}, event_id=message.id, tags=list(message.tags or ()) or None,
        transformations_params=params,
        application=ApplicationIn(name=behind.name or behind.organization_id, uid=behind.organization_id),
    )  # fmt: skip
    try:
        await client.message.create(behind.organization_id, asked)
    except HttpError as problem:
        # It has a message with this id: we died before we could note that.
        if problem.status_code != 409:
            raise
