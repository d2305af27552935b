"""What handlers depend on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from crossdock.alerts.trial import ChannelTrial
from crossdock.config import Settings
from crossdock.connections.connect import Connector
from crossdock.connections.link.service import LinkServices
from crossdock.erasing.request import ErasureDesk
from crossdock.files.intake import FileIntake
from crossdock.people.identity import IdentityServices
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault
from crossdock.sync.notices import NoticeIntake
from crossdock.sync.subscriptions import SubscriptionKeeper
from crossdock.web.address_limiter import AddressLimiter
from crossdock.web.call_log import CallLog
from crossdock.web.rate_limits import Limiter
from crossdock.web.usage import UsageCounter
from crossdock.webhooks.transform import TransformScripts
from crossdock.writes.run import WriteRunner


@dataclass(frozen=True)
class Dependencies:
    """The parts that APIs need of everything else."""

    settings: Settings
    database: Database
    vault: Vault
    linker: Connector
    link: LinkServices
    """What end users connect with."""
    clock: Clock
    limiter: Limiter
    strangers: AddressLimiter
    uses: UsageCounter
    call_log: CallLog
    writer: WriteRunner
    arrivals: FileIntake
    scripts: TransformScripts
    subscriptions: SubscriptionKeeper
    identity: IdentityServices
    alerts: ChannelTrial
    """Keeps the channels of alerts, and sends tests."""
    wake: Callable[[], None]
    """Tells a worker in this process that there may be work."""

    @cached_property
    def page_key(self) -> bytes:
        return self.vault.token_key("page tokens")

    @cached_property
    def erasures(self) -> ErasureDesk:
        return ErasureDesk(self.database, self.vault, self.clock)

    @cached_property
    def notices(self) -> NoticeIntake:
        return NoticeIntake(self.database, self.vault, self.clock, self.settings.off)

    def folder(self, slug: str) -> Path:
        """The folder where an integration keeps files of its own."""
        return self.settings.folder / "integrations" / slug
