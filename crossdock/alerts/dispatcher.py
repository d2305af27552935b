"""The loop that follows what happens and makes the messages of channels. Of several workers, one does it.

    signals, feed ─intake─▶ problems ─planning─▶ alerts ─┬─▶ mailer
                                                         └─▶ webhook sender

Each step is a transaction that begins with the lease. So what a message says, that it was made, and that its
problems are told is stored together, or not at all; whoever dies leaves the rest to the next.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
import structlog

from crossdock.alerts import rules as channel_rules
from crossdock.alerts.chat_templates import TEMPLATES
from crossdock.alerts.content import AlertContent, content_of
from crossdock.alerts.intake import take_in_feed, take_in_signals
from crossdock.alerts.planning import AlertPlan, plan_channel
from crossdock.alerts.recipients import OF_APPLICATION, customer_address
from crossdock.alerts.rules import AlertRules
from crossdock.alerts.server_watch import SERVER_LOOK_MS, watch_server
from crossdock.errors import Unavailable
from crossdock.store.alerts import channels, leases, outbox, positions, problems, signals
from crossdock.store.alerts.channels import OPERATOR, AlertChannel
from crossdock.store.alerts.outbox import FAILED, PENDING, AlertRow
from crossdock.store.alerts.positions import NEVER, FeedPosition
from crossdock.store.alerts.problems import OPEN, OVER, SKIPPED
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock, new_id
from crossdock.store.webhooks import apps, deliveries, messages
from crossdock.store.webhooks.apps import App
from crossdock.store.webhooks.endpoints import of_alerts
from crossdock.store.webhooks.messages import Message

LEASE_MS = 30_000
LOOK_SECONDS = 1.0
PUT_OFF_MS = 60_000
"""How long an organization waits whose channels could not be planned."""
KEPT_MS = 90 * 86_400_000
NO_MAIL = "the operator has set no mail server (CROSSDOCK_SMTP_URL)"
CUSTOMER_RULES = AlertRules(kinds=["endpoint_disabled"], after_minutes=15, every_minutes=0, resolved=False)
"""How a customer hears of a disabled endpoint: once, unless it is on again within a quarter of an hour."""

Made = TypeVar("Made")

log = structlog.get_logger()


@dataclass
class AlertDispatcher:
    """Follows what happens and makes messages of it, until `stop`. has_mail: there is a mail server."""

    database: Database
    clock: Clock
    base_url: str
    has_mail: bool
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _is_stopping: bool = False
    _looked_ms: int = 0

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
        await self._safely(self._under_lease(self._release))

    async def drain(self) -> None:
        """Follow and plan until nothing is left to do now, or the database is away."""
        with suppress(Unavailable):
            while await self.step():
                pass
            await self._under_lease(self._release)

    async def _sleep(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
        except TimeoutError:
            return

    async def _safely(self, act: Awaitable[bool | None]) -> bool:
        try:
            return bool(await act)
        except Unavailable:
            return False  # the log has it from the engine, once
        except Exception:
            log.exception("alerts go on after a failure")
            return False

    async def _under_lease(self, act: Callable[[Transaction], Awaitable[Made]]) -> Made | None:
        """Do something in a transaction of who has the lease; None: somebody else has it."""
        now = self.clock()
        async with self.database.transaction() as transaction:
            if not await leases.extend(transaction, self.holder, now, now + LEASE_MS):
                return None
            return await act(transaction)

    async def _release(self, transaction: Transaction) -> bool:
        await leases.release(transaction, self.holder)
        return False

    async def step(self) -> bool:
        """Do what there is to do; whether there may be more."""
        has_more = False
        if await signals.is_any(self.database):
            has_more |= bool(await self._under_lease(lambda t: take_in_signals(t, self.clock())))
        for position in await positions.behind(self.database):
            has_more |= await self._safely(self._follow(position))
        await self._watch_server()
        for organization_id in await positions.due(self.database, self.clock()):
            has_more |= await self._plan(organization_id)
        return has_more

    async def _follow(self, position: FeedPosition) -> bool | None:
        return await self._under_lease(lambda t: take_in_feed(t, position, self.clock()))

    async def _watch_server(self) -> None:
        """Look after the server itself now and then, for operators who want to hear of it."""
        now = self.clock()
        if 0 <= now - self._looked_ms < SERVER_LOOK_MS:
            return
        self._looked_ms = now
        if await channels.has_any(self.database, OPERATOR):
            seen = await watch_server(self.database, now)
            await self._under_lease(seen.note)

    # Planning

    async def _plan(self, organization_id: str) -> bool:
        """Plan the channels of an organization. One that can't be is put off: others don't wait for it."""
        try:
            planned = await self._under_lease(lambda t: self._plan_channels(t, organization_id))
        except Unavailable:
            raise
        except Exception:
            log.exception("the alerts of an organization are put off", organization=organization_id)
            later_ms = self.clock() + PUT_OFF_MS
            await self._under_lease(lambda t: positions.plan_at(t, organization_id, later_ms))
            return False
        return bool(planned)

    async def _plan_channels(self, transaction: Transaction, organization_id: str) -> bool:
        """Make the messages that are due; whether there were any."""
        # First, so that whoever changes a channel meanwhile has it planned once more.
        await positions.plan_at(transaction, organization_id, NEVER)
        plans = []
        for channel in await channels.to_plan(transaction, organization_id):
            plans.append(await self._apart(transaction, channel.id, self._plan_channel(transaction, channel)))
        for app in await self._customers(transaction, organization_id):
            plans.append(await self._apart(transaction, app.id, self._plan_customer(transaction, app)))
        moments = [plan.due_ms for plan in plans if plan.due_ms is not None]
        await positions.plan_at(transaction, organization_id, min(moments, default=NEVER))
        return any(plan.has_message for plan in plans)

    async def _apart(
        self, transaction: Transaction, channel_id: str, planning: Awaitable[AlertPlan]
    ) -> AlertPlan:
        """The plan of a channel. One that can't be planned is put off: others don't wait for it."""
        try:
            async with transaction.savepoint():
                return await planning
        except Unavailable:
            raise
        except Exception:
            log.exception("the alerts of a channel are put off", channel=channel_id)
            return AlertPlan(due_ms=self.clock() + PUT_OFF_MS)

    async def _plan_channel(self, transaction: Transaction, channel: AlertChannel) -> AlertPlan:
        rules = channel_rules.read(channel.rules)
        candidates = await problems.candidates(transaction, channel.organization_id, channel.id)
        plan = plan_channel(rules, candidates, channel.sent_ms, self.clock())
        await self._carry_out(transaction, channel, plan, "")
        return plan

    async def _customers(self, transaction: Transaction, organization_id: str) -> Sequence[App]:
        """Applications with a disabled endpoint, whose customers have an address."""
        if not self.has_mail:
            return []
        ids = await problems.applications_with(transaction, organization_id, "endpoint_disabled")
        known_apps = [await apps.find(transaction, organization_id, application_id) for application_id in ids]
        return [app for app in known_apps if app is not None and customer_address(app)]

    async def _plan_customer(self, transaction: Transaction, app: App) -> AlertPlan:
        channel_id = OF_APPLICATION + app.id
        candidates = await problems.candidates(transaction, app.organization_id, channel_id, app.id)
        plan = plan_channel(CUSTOMER_RULES, candidates, None, self.clock())
        channel = AlertChannel(
            id=channel_id, organization_id=app.organization_id, name=app.name, kind="email", rules=b"",
            target=channels.ChannelTarget(),
        )  # fmt: skip
        closing = f"You get this since your address is that of {app.name}, which this endpoint belongs to."
        await self._carry_out(transaction, channel, plan, closing)
        return plan

    async def _carry_out(
        self, transaction: Transaction, channel: AlertChannel, plan: AlertPlan, closing: str
    ) -> None:
        """Store a plan: the message if there is one, and what the channel knows by it."""
        now = self.clock()
        if plan.has_message:
            content = content_of(plan.opened, plan.resolved, self.base_url, now)
            content = msgspec.structs.replace(content, closing=closing)
            await self._add_alert(transaction, channel, content, now)
            await channels.note_sent(transaction, channel.id, now)
        for told, state in (
            (plan.opened, OPEN), (plan.known, OPEN), (plan.resolved, OVER), (plan.closed, OVER),
            (plan.skipped, SKIPPED),
        ):  # fmt: skip
            await problems.note_told(transaction, channel.id, told, state)

    async def _add_alert(
        self, transaction: Transaction, channel: AlertChannel, content: AlertContent, now_ms: int
    ) -> None:
        by_mail = channel.endpoint is None
        can_go = self.has_mail or not by_mail
        alert = AlertRow(
            id=new_id("alert", now_ms), organization_id=channel.organization_id, channel_id=channel.id,
            channel_name=channel.name, channel_kind=channel.kind, at_ms=now_ms,
            content=msgspec.json.encode(content), endpoint=channel.endpoint,
            state=PENDING if can_go else FAILED, due_ms=now_ms if by_mail and can_go else None,
            error="" if can_go else NO_MAIL,
        )  # fmt: skip
        await outbox.add(transaction, alert)
        if channel.endpoint is not None:
            await _hand_to_sender(transaction, alert, channel.endpoint, content)


async def _hand_to_sender(
    transaction: Transaction, alert: AlertRow, endpoint: int, content: AlertContent
) -> None:
    """Have the webhook sender deliver an alert, which signs it, tries it again, and keeps a log."""
    message = alert_message(alert, endpoint, content)
    await messages.add(transaction, message)
    await deliveries.put(transaction, endpoint, [message.id], alert.at_ms)
    await transaction.notify(deliveries.CHANNEL)


def alert_message(alert: AlertRow, endpoint: int, content: AlertContent) -> Message:
    """The webhook that carries an alert, in the form that its channel takes."""
    return Message(
        id=outbox.message_id(alert.id), application_id=of_alerts(alert.organization_id), type=content.type,
        at_ms=alert.at_ms, body=msgspec.json.encode(TEMPLATES[alert.channel_kind](content)),
        expires_ms=alert.at_ms + KEPT_MS, only_endpoint=endpoint,
    )  # fmt: skip
