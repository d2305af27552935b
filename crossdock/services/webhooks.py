"""What sends webhooks beside a worker: our own sender, or what hands them to a server that does."""

from dataclasses import dataclass

from crossdock.config import Settings
from crossdock.jobs.worker import BackgroundService
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault
from crossdock.webhooks.deliver import DeliverySettings
from crossdock.webhooks.sender import SenderSettings, WebhookSender
from crossdock.webhooks.svix_forwarder import Reclaim, SvixForwarder, to_svix


@dataclass(frozen=True)
class WebhookServices:
    """The services that send webhooks, made of the settings."""

    settings: Settings
    database: Database
    vault: Vault
    clock: Clock
    delivery: DeliverySettings

    def companions(self) -> list[BackgroundService]:
        """The services that send webhooks, and hand them to a server that does, or end that."""
        if not self.settings.svix_url:
            return [Reclaim(self.database, self.clock), self.sender()]
        return [self._forwarder(), self.sender()]

    def sender(self) -> WebhookSender:
        """The sender of webhooks from this process."""
        settings = SenderSettings(
            database=self.database,
            vault=self.vault,
            clock=self.clock,
            disable_ms=self.settings.webhook_disable_hours * 3_600_000,
            most_under_way=self.settings.webhook_concurrency,
        )
        return WebhookSender(settings, self.delivery)

    def _forwarder(self) -> SvixForwarder:
        settings = self.settings
        return SvixForwarder(
            self.database,
            self.vault,
            self.clock,
            to_svix(settings.svix_url, settings.svix_token),
            settings.url,
            settings.webhook_max_bytes,
        )
