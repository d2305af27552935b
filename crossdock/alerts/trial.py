"""Testing a channel: a message is sent at once, and the caller waits for what becomes of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import msgspec

from crossdock.alerts.channels import ChannelKeeper
from crossdock.alerts.content import AlertContent, trial_content
from crossdock.alerts.dispatcher import NO_MAIL, alert_message
from crossdock.alerts.mail_template import mail
from crossdock.alerts.smtp import MailServer, hand_over
from crossdock.store.alerts import outbox
from crossdock.store.alerts.channels import AlertChannel
from crossdock.store.alerts.outbox import FAILED, SENT, AlertRow
from crossdock.store.database.ids import new_id
from crossdock.store.people import audit_log
from crossdock.store.people.audit_log import Actor, AuditEntry
from crossdock.store.webhooks.messages import Message

Post = Callable[[int, Message, int], Awaitable[str]]
"""Makes one attempt at an endpoint, by its number, at a moment. Why it failed; empty: it did not."""


@dataclass(frozen=True)
class ChannelTrial:
    """Sends tests. post: by the means of the webhook sender."""

    keeper: ChannelKeeper
    server: MailServer | None
    post: Post
    base_url: str

    async def send(self, organization_id: str, channel_id: str, actor: Actor) -> AlertRow:
        """A test of a channel, also of one that is off, as the log has it then. Raises NotFound."""
        channel = await self.keeper.get(organization_id, channel_id)
        now = self.keeper.clock()
        content = trial_content(channel.name, self.base_url, now)
        alert = AlertRow(
            id=new_id("alert", now), organization_id=organization_id, channel_id=channel.id,
            channel_name=channel.name, channel_kind=channel.kind, at_ms=now,
            content=msgspec.json.encode(content), endpoint=channel.endpoint,
        )  # fmt: skip
        error, is_sent = await self._attempt(channel, alert, content)
        ended = replace(alert, state=SENT if is_sent else FAILED, attempts=1, error=error)
        async with self.keeper.database.transaction() as transaction:
            await outbox.add(transaction, ended)
            detail = {"outcome": ended.state}
            entry = AuditEntry(organization_id, actor, "alert_channel.tested", channel.id, detail)
            await audit_log.note(transaction, entry, now)
        return ended

    async def _attempt(
        self, channel: AlertChannel, alert: AlertRow, content: AlertContent
    ) -> tuple[str, bool]:
        """The error of the attempt, and whether it arrived."""
        if channel.endpoint is not None:
            error = await self.post(
                channel.endpoint, alert_message(alert, channel.endpoint, content), alert.at_ms
            )
            return error, not error
        if self.server is None:
            return NO_MAIL, False
        addresses = channel.target.addresses
        message = mail(content, alert.id, addresses, self.server.sender, self.base_url)
        outcome = await hand_over(self.server, message, addresses)
        return outcome.error, outcome.is_sent
