"""Handing messages to a Svix server, which then sends them: for who has outgrown our own sender.

Events go over in the order they were committed, each with our id in its `eventId`, the same tags, channels
and bytes. How far it is stands in the database: while the server is away nothing is lost, and what it
had taken when we died it refuses the second time, by that id. What somebody has to name to get
(`*.deleted`) stays here, since that server would send it to everybody.

Our own sender goes on beside it: what was due at our endpoints before is still sent there.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from crossdock.errors import SettingsError, Unavailable, printable
from crossdock.jobs.backoff import seconds_to_wait
from crossdock.resources.event_types import extension_types
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault
from crossdock.store.webhooks import handovers, messages
from crossdock.store.webhooks.deliveries import CHANNEL
from crossdock.store.webhooks.handovers import HandoverBacklog
from crossdock.store.webhooks.messages import EXPIRED, Message
from crossdock.webhooks import body as bodies

if TYPE_CHECKING:
    from svix.api import SvixAsync

AT_ONCE, BESIDE = 200, 8
"""Events that are read, and handed over, at a time."""
LEASE_MS = 120_000
LOOK_SECONDS = 1.0
MOST_SAID = 500
ABOUT_THE_MESSAGE = (400, 413, 422)
"""What the other server answers where it can't take this message, and may well take others."""

log = structlog.get_logger()

Hand = Callable[[HandoverBacklog, Message], Awaitable[None]]
"""Hands a message over; raises whatever keeps it from being taken: MessageRefused if that is the message."""


class MessageRefused(Exception):
    """The other server can't take this message."""


@dataclass
class SvixForwarder:
    """Hands over what happens, until `stop`. most_bytes: of a body; an event that has more is cut."""

    database: Database
    vault: Vault
    clock: Clock
    hand: Hand
    base_url: str
    most_bytes: int
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _is_stopping: bool = False
    _has_begun: bool = False
    _is_off: bool = False

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
        """Hand over until nothing is due."""
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
        if not await self._is_on():
            return False
        now = self.clock()
        handover_backlog = await handovers.claim(self.database, now, now + LEASE_MS)
        if handover_backlog is None:
            return False
        pairs = await handovers.after(
            self.database, handover_backlog.organization_id, handover_backlog.seq, AT_ONCE
        )
        reached, problem = await self._hand_over(handover_backlog, pairs)
        await self._note(handover_backlog, reached, problem)
        return True

    async def _hand_over(
        self, handover_backlog: HandoverBacklog, pairs: Sequence[tuple[int, str]]
    ) -> tuple[int, BaseException | None]:
        """Up to which event it got, and what kept it from the next."""
        known_messages = await messages.by_ids(self.database, self.vault, [text for _, text in pairs])
        reached, takes_others = handover_backlog.seq, False
        for start in range(0, len(pairs), BESIDE):
            part = pairs[start : start + BESIDE]
            ends = await asyncio.gather(
                *(self._one(handover_backlog, known_messages.get(text)) for _, text in part),
                return_exceptions=True,
            )
            takes_others = takes_others or True in ends
            for (seq, message_id), end in zip(part, ends, strict=True):
                if isinstance(end, MessageRefused) and takes_others:
                    # Others are taken, so it is this one: it must not keep them for ever.
                    log.error(
                        "a message is set aside: it can't be handed over", message=message_id, error=str(end)
                    )
                elif isinstance(end, BaseException):
                    return reached, end
                reached = seq
        return reached, None

    async def _is_on(self) -> bool:
        """Switch handing over on, the first time, and check that it is: it can be switched off meanwhile."""
        if not self._has_begun:
            await handovers.begin(self.database)
            self._has_begun = True
        is_off = not await handovers.is_on(self.database)
        if is_off and not self._is_off:
            log.warning("nothing is handed over: a worker was started without CROSSDOCK_SVIX_URL")
        self._is_off = is_off
        return not is_off

    async def _note(
        self, handover_backlog: HandoverBacklog, reached: int, problem: BaseException | None
    ) -> None:
        now = self.clock()
        if problem is None:
            await handovers.record_progress(self.database, handover_backlog, reached, now)
            return
        text = printable(f"{type(problem).__name__}: {problem}")[:MOST_SAID]
        if text != handover_backlog.problem:
            log.warning(
                "messages can't be handed over", organization=handover_backlog.organization_id, error=text
            )
        wait = seconds_to_wait(handover_backlog.tries + 1, random.random)
        await handovers.record_progress(
            self.database, handover_backlog, reached, now + int(wait * 1000), text
        )

    async def _one(self, handover_backlog: HandoverBacklog, message: Message | None) -> bool:
        """Hand a message over; False: there was none, or none that can be handed over."""
        if message is None or not message.body or message.body == EXPIRED:
            return False
        if message.type in extension_types():
            return False
        if len(message.body) > self.most_bytes and message.data_path is not None:
            cut = bodies.truncated(message.body, self.base_url + message.data_path)
            message = msgspec.structs.replace(message, body=cut)
        await self.hand(handover_backlog, message)
        return True


@dataclass
class Reclaim:
    """Ends the handing over that another process, or this one before, was told to do; then it is done."""

    database: Database
    clock: Clock
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        self._stopping.set()

    def wake(self) -> None:
        """Do nothing: there is nothing that could be begun earlier."""

    async def run(self) -> None:
        while not self._stopping.is_set() and not await self._is_done():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_SECONDS)

    async def drain(self) -> None:
        await self._is_done()

    async def _is_done(self) -> bool:
        try:
            await handovers.end(self.database, self.clock())
        except Unavailable:
            return False  # the log has it from the engine, once
        except Exception:
            log.exception("ending the handing over is tried again")
            return False
        return True


MESSAGE, EVENT = "msg_", "evt_"


def event_id(message_id: str) -> str:
    """A message's id as the other server can take it: `msg_` is how that begins its own."""
    return EVENT + message_id.removeprefix(MESSAGE)


def to_svix(url: str, token: str) -> Hand:
    """A function that hands messages to the Svix server at this URL. SettingsError: its client is missing."""
    try:
        from svix.api import SvixAsync, SvixOptions
    except ImportError:
        raise SettingsError("CROSSDOCK_SVIX_URL needs the client: pip install 'crossdock[svix]'") from None
    client = SvixAsync(token, SvixOptions(server_url=url))

    async def hand(handover_backlog: HandoverBacklog, message: Message) -> None:
        await _create(client, handover_backlog, message)

    return hand


async def _create(client: "SvixAsync", handover_backlog: HandoverBacklog, message: Message) -> None:
    from svix.api import ApplicationIn, MessageIn
    from svix.exceptions import HttpError, HTTPValidationError

    params: dict[str, Any] = {
        "rawPayload": message.body.decode(),
        "headers": {"content-type": "application/json"},
    }
    message_in = MessageIn(
        event_type=message.type,
        payload={},
        event_id=event_id(message.id),
        tags=list(message.tags or ()) or None,
        channels=list(message.channels or ()) or None,
        transformations_params=params,
        application=ApplicationIn(
            name=handover_backlog.name or handover_backlog.organization_id,
            uid=handover_backlog.organization_id,
        ),
    )
    try:
        await client.message.create(handover_backlog.organization_id, message_in)
    except HTTPValidationError as problem:
        raise MessageRefused(f"422: {problem}") from problem
    except HttpError as problem:
        if problem.status_code in ABOUT_THE_MESSAGE:
            raise MessageRefused(f"{problem.status_code}: {problem}") from problem
        # It has a message with this id: we died before we could note that.
        if problem.status_code != 409:
            raise
