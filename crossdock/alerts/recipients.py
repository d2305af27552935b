"""Who gets an e-mail: the addresses of a channel, or that of the customer whose endpoint it is about.

The latter has no channel of its own: the application says the address in `metadata["svix.email"]`. Its alerts
go by a channel whose id is `app:` and the application's.
"""

from crossdock.alerts.smtp import address_fault
from crossdock.store.alerts import channels
from crossdock.store.database.engine import Database
from crossdock.store.database.secrets import Vault
from crossdock.store.webhooks import apps
from crossdock.store.webhooks.apps import App

MAIL_MEMBER = "svix.email"
OF_APPLICATION = "app:"


async def addresses_of(
    database: Database, vault: Vault, organization_id: str, channel_id: str
) -> tuple[str, ...]:
    """The addresses as they are now; none when the channel is gone or off."""
    if channel_id.startswith(OF_APPLICATION):
        app = await apps.find(database, organization_id, channel_id.removeprefix(OF_APPLICATION))
        return () if app is None else customer_address(app)
    channel = await channels.get(database, vault, organization_id, channel_id)
    return () if channel is None or channel.disabled else channel.target.addresses


def customer_address(app: App) -> tuple[str, ...]:
    """The address that an application says its customer has, if that is one."""
    address = app.metadata.get(MAIL_MEMBER, "").strip()
    return (address,) if address and address_fault(address) is None else ()
