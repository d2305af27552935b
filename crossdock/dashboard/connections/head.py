"""What all pages of one connection begin with: whose it is, how it is, and the ways to its other pages."""

from dataclasses import dataclass

import msgspec

from crossdock.connections.lookup import get_connection
from crossdock.connections.overview import ConnectionOverview, overviews
from crossdock.dashboard.context import DashboardContext
from crossdock.store.connections.connections import ConnectionRow

TABS = (
    ("", "Overview"), ("/syncs", "On-demand syncs"), ("/runs", "Run history"), ("/set-aside", "Set aside"),
    ("/custom-fields", "Custom fields"), ("/settings", "Settings"), ("/access", "Access"),
)  # fmt: skip
"""The pages of a connection, below its own address."""


class ConnectionHead(msgspec.Struct, kw_only=True):
    """A connection in short. status: "healthy", "syncing", "attention" or "blocked"."""

    connection_id: str
    customer_id: str | None
    system: str
    integration_name: str
    integration_type: str
    status: str

    @property
    def title(self) -> str:
        """The words that people know it by."""
        return f"{self.system} of {self.customer_id}" if self.customer_id else self.system

    @property
    def tabs(self) -> tuple[tuple[str, str], ...]:
        return TABS


@dataclass(frozen=True)
class OpenedConnection:
    """The connection of a page's address."""

    row: ConnectionRow
    overview: ConnectionOverview
    head: ConnectionHead


async def opened_connection(visit: DashboardContext) -> OpenedConnection:
    """The connection that the path names, with how it is. Raises NotFound."""
    row = await get_connection(visit.door.database, visit.part("connection_id"), visit.organization_id)
    [overview] = await overviews(visit.door.database, [row], visit.door.settings.off)
    return OpenedConnection(row, overview, head_of(overview))


def head_of(overview: ConnectionOverview) -> ConnectionHead:
    """The head of a connection."""
    row = overview.connection
    return ConnectionHead(
        connection_id=row.uid,
        customer_id=row.customer_id,
        system=overview.system,
        integration_name=row.integration,
        integration_type=row.type,
        status=_status(bool(overview.running), [problem.is_blocking for problem in overview.problems]),
    )


def _status(is_syncing: bool, problems: list[bool]) -> str:
    """The state of a connection in one word. problems: of each, whether it keeps something from syncing."""
    if any(problems):
        return "blocked"
    if problems:
        return "attention"
    return "syncing" if is_syncing else "healthy"
