"""A world whose problems are told: channels, a mail server, a receiver, and time that passes.

alerts = await Alerts.of(world, …)
channel = await alerts.channel("slack")
await alerts.break_down("get_orders")       a problem of the connection
await alerts.run(10)                        ten seconds later: what is due is made and sent
assert alerts.posted() == [...]
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crossdock.alerts.channels import ChannelDraft
from crossdock.alerts.rules import AlertRules
from crossdock.connections import problems
from crossdock.connections.problems import function_problem
from crossdock.store.alerts import outbox
from crossdock.store.alerts.channels import AlertChannel
from crossdock.store.alerts.outbox import AlertPageFilter, AlertRow
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.people.audit_log import COMMAND_LINE
from tests.fakes.hook_receiver import Receiver
from tests.fakes.mail_server import MailServer
from tests.journeys.conftest import World, with_settings

SENDER = "Crossdock <alerts@crossdock.example>"
GATHERED = 10
"""Seconds until what began together is told."""


class Killed(BaseException):
    """The end of a process between two lines: no code of ours catches it."""


def mailing(world: World, port: int, user: str = "", **settings: Any) -> World:
    """The same world, with a mail server at this port."""
    return with_settings(
        world, smtp_url=f"smtp://{user}127.0.0.1:{port}", mail_from=SENDER, base_url="https://crossdock.example",
        smtp_timeout_seconds=5, **settings,
    )  # fmt: skip


@dataclass
class Alerts:
    """Who is told, and what arrives."""

    world: World
    receiver: Receiver
    connections: list[ConnectionRow] = field(default_factory=list)

    @property
    def services(self) -> Any:
        return self.world.services.alerts

    async def connect(self, **changes: Any) -> ConnectionRow:
        """A connection that nothing was synced of."""
        connection = await self.world.connect(sync=False)
        if changes:
            await self.world.change_connection(connection, **changes)
        self.connections.append(connection)
        return connection

    async def channel(
        self, kind: str = "slack", *, name: str = "On call", to: Sequence[str] = ("ops@example.com",),
        organization: str | None = None, **rules: Any,
    ) -> AlertChannel:  # fmt: skip
        is_mail = kind == "email"
        draft = ChannelDraft(
            name=name, kind=kind, addresses=to if is_mail else (),
            url="" if is_mail else f"{self.receiver.url}/{kind}", rules=AlertRules(**rules),
        )  # fmt: skip
        channel: AlertChannel = await self.services.keeper.create(
            organization or self.world.organization, draft, COMMAND_LINE
        )
        await self.services.dispatcher().drain()
        return channel

    async def break_down(
        self, *functions: str, kind: str = "system_unavailable", connection: ConnectionRow | None = None,
        why: str = "no answer",
    ) -> None:  # fmt: skip
        """Problems of functions begin, together."""
        chosen = connection or self.connections[0]
        async with self.world.services.database.transaction() as transaction:
            for function in functions:
                problem = function_problem(chosen, function, kind, self.world.clock(), why=why)
                await problems.note(transaction, chosen, problem)

    async def repair(self, *functions: str) -> None:
        """The problems of functions are over."""
        async with self.world.services.database.transaction() as transaction:
            for function in functions:
                await problems.clear(transaction, self.connections[0], function, self.world.clock())

    async def run(self, seconds: float = GATHERED) -> None:
        """Lets time pass, then makes and sends what is due. The dispatcher had looked before."""
        await self.services.dispatcher().drain()
        self.world.clock.pass_seconds(seconds)
        await self.services.dispatcher().drain()
        await self.services.mailer().drain()
        await self.world.services.webhooks.sender().drain()

    async def log(self) -> list[AlertRow]:
        """What was told, the oldest first."""
        rows = await outbox.page(self.world.services.database, AlertPageFilter(self.world.organization), 1000)
        return rows[::-1]

    def posted(self, kind: str = "slack") -> list[Any]:
        """The bodies that a channel of this kind got."""
        return [got.json for got in self.receiver.got(f"/{kind}")]


def subjects(server: MailServer) -> list[str]:
    return [str(mail["Subject"]) for mail in server.mails]
