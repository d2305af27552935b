"""The loop that sends alerts by e-mail, a few at a time. Any number of workers share one database.

A claim is a lease: an alert that a worker had under way when it died is due again when that ends, under the
same Message-ID. What is not taken is tried again, ever more seldom, for a day.
"""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
import structlog

from crossdock.alerts.content import AlertContent
from crossdock.alerts.mail_template import mail
from crossdock.alerts.recipients import addresses_of
from crossdock.alerts.smtp import MailOutcome, MailServer, hand_over
from crossdock.errors import Unavailable
from crossdock.store.alerts import outbox
from crossdock.store.alerts.outbox import CANCELED, FAILED, PENDING, SENT, AlertRow
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault

AT_ONCE = 4
LEASE_BEYOND_MS = 60_000
"""How much longer than an attempt may take a claim lasts."""
LOOK_SECONDS = 1.0
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 30.0, 3600.0
GIVEN_UP_MS = 24 * 3_600_000
"""How long it is tried."""

log = structlog.get_logger()


def wait_seconds(attempt: int, chance: Callable[[], float]) -> float:
    """Pure: how long to wait after so many failures, give or take a fifth."""
    planned = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(attempt - 1, 20))
    return planned * (0.8 + 0.4 * chance())


@dataclass
class AlertMailer:
    """Sends what is due by e-mail, until `stop`."""

    database: Database
    vault: Vault
    clock: Clock
    server: MailServer | None
    base_url: str
    chance: Callable[[], float] = random.random
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _is_stopping: bool = False
    _is_failing: bool = False

    def stop(self) -> None:
        self._is_stopping = True
        self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        while not self._is_stopping:
            self._wake.clear()
            if not await self._safely(self.step()):
                await self._sleep()

    async def drain(self) -> None:
        """Send until nothing is due, or the database is away."""
        with suppress(Unavailable):
            while await self.step():
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
            log.exception("sending alerts by e-mail goes on after a failure")
            return False

    async def step(self) -> bool:
        """Send a few; whether there were any."""
        if self.server is None:
            return False
        now = self.clock()
        until_ms = now + int(self.server.timeout_seconds * 1000) + LEASE_BEYOND_MS
        claimed = await outbox.claim(self.database, self.holder, now, until_ms, AT_ONCE)
        await asyncio.gather(*(self._attempt(self.server, alert) for alert in claimed))
        return bool(claimed)

    async def _attempt(self, server: MailServer, alert: AlertRow) -> None:
        outcome = await self._outcome(server, alert)
        if outcome is None:
            error = "the channel was deleted or switched off"
            await outbox.record(self.database, alert, self.holder, state=CANCELED, error=error, due_ms=None)
            return
        state, due_ms = self._after(alert, outcome)
        await outbox.record(
            self.database, alert, self.holder, state=state, error=outcome.error, due_ms=due_ms
        )

    async def _outcome(self, server: MailServer, alert: AlertRow) -> MailOutcome | None:
        """Make an attempt; None: nobody is to get it. A fault of ours is a failure that ends the alert."""
        try:
            addresses = await addresses_of(self.database, self.vault, alert.organization_id, alert.channel_id)
            if not addresses:
                return None
            content = msgspec.json.decode(alert.content, type=AlertContent)
            message = mail(content, alert.id, addresses, server.sender, self.base_url)
        except Unavailable:
            raise
        except Exception:
            log.exception("an alert can't be written as e-mail", alert=alert.id)
            return MailOutcome(False, "internal error; see the log for this alert's id", is_final=True)
        outcome = await hand_over(server, message, addresses)
        self._note_in_log(alert, outcome)
        return outcome

    def _note_in_log(self, alert: AlertRow, outcome: MailOutcome) -> None:
        """Say once that e-mail can't be sent, and once that it can again."""
        if not outcome.is_sent and not self._is_failing:
            log.warning("an alert can't be sent by e-mail", alert=alert.id, error=outcome.error)
        elif outcome.is_sent and self._is_failing:
            log.info("alerts are sent by e-mail again")
        self._is_failing = not outcome.is_sent

    def _after(self, alert: AlertRow, outcome: MailOutcome) -> tuple[str, int | None]:
        """The state that an attempt leads to, and when the next one is due."""
        if outcome.is_sent:
            return SENT, None
        now = self.clock()
        if outcome.is_final or now - alert.at_ms >= GIVEN_UP_MS:
            return FAILED, None
        return PENDING, now + int(wait_seconds(alert.attempts + 1, self.chance) * 1000)
