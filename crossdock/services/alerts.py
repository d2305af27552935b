"""What tells people of problems: who follows what happens, who sends e-mail, who keeps channels."""

from dataclasses import dataclass
from functools import cached_property

from crossdock.alerts.channels import ChannelKeeper
from crossdock.alerts.dispatcher import AlertDispatcher
from crossdock.alerts.mailer import AlertMailer
from crossdock.alerts.smtp import MailServer, mail_server
from crossdock.alerts.trial import ChannelTrial
from crossdock.config import Settings
from crossdock.jobs.worker import BackgroundService
from crossdock.net.addresses import AddressPolicy
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault
from crossdock.store.webhooks import endpoints
from crossdock.store.webhooks.deliveries import SUCCESS
from crossdock.store.webhooks.messages import Message
from crossdock.webhooks import sign
from crossdock.webhooks.deliver import DeliverySettings, attempt


@dataclass(frozen=True)
class AlertServices:
    """The services of alerts, made of the settings."""

    settings: Settings
    database: Database
    vault: Vault
    clock: Clock
    delivery: DeliverySettings

    @cached_property
    def mail_server(self) -> MailServer | None:
        settings = self.settings
        return mail_server(settings.smtp_url, settings.mail_from, settings.smtp_timeout_seconds, settings.url)

    def companions(self) -> list[BackgroundService]:
        """The services that make alerts beside a worker, and those that send them by e-mail."""
        return [self.dispatcher(), self.mailer()]

    def dispatcher(self) -> AlertDispatcher:
        has_mail = self.mail_server is not None
        return AlertDispatcher(self.database, self.clock, self.settings.url, has_mail)

    def mailer(self) -> AlertMailer:
        return AlertMailer(self.database, self.vault, self.clock, self.mail_server, self.settings.url)

    @cached_property
    def keeper(self) -> ChannelKeeper:
        """The part that makes, changes and deletes channels."""
        return ChannelKeeper(
            database=self.database,
            vault=self.vault,
            clock=self.clock,
            policy=AddressPolicy.parse(self.settings.allowed_addresses),
            https_only=bool(self.settings.webhook_https_only),
            has_mail=self.mail_server is not None,
            most_channels=self.settings.alert_channels,
            new_secret=sign.new_secret,
        )

    @cached_property
    def trial(self) -> ChannelTrial:
        """The part that sends tests."""
        return ChannelTrial(self.keeper, self.mail_server, self._post, self.settings.url)

    async def _post(self, number: int, message: Message, now_ms: int) -> str:
        """Try once to deliver a message; why it failed, or nothing."""
        known = await endpoints.by_numbers(self.database, self.vault, [number])
        if number not in known:
            return "the channel was deleted"
        outcome = await attempt(self.delivery, known[number], message, now_ms)
        if outcome.status == SUCCESS:
            return ""
        said = " ".join(outcome.response[:300].decode("utf-8", "replace").split())
        return f"{outcome.code} {said}".strip() if outcome.code else said
