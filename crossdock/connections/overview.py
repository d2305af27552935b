"""A connection as people look at it: how each function syncs, what is wrong, what it can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from crossdock.connections import capabilities
from crossdock.kit.registry import Integration, find_integration
from crossdock.store.connections import problems, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.problems import ConnectionProblem
from crossdock.store.connections.schedules import Schedule
from crossdock.store.database.engine import Database
from crossdock.store.jobs import queue

SyncStatus = Literal["enabled", "disabled", "sync_in_progress", "first_sync_in_progress", "error"]
"""States of a schedule, in the contract's words."""


@dataclass(frozen=True)
class ConnectionOverview:
    """A connection with all that is kept of it, at one moment."""

    connection: ConnectionRow
    integration: Integration | None
    """None: this process lacks it, as one that is older than the process that connected it."""
    schedules: list[Schedule]
    """Of all functions that have one, whether they are switched off or not."""
    problems: list[ConnectionProblem]
    """Of functions that are not switched off."""
    running: frozenset[str]
    """The functions that have an open job."""
    off: frozenset[str]
    """What the operator's settings switch off."""

    @property
    def available_schedules(self) -> list[Schedule]:
        """The schedules of functions that are not switched off."""
        return [plan for plan in self.schedules if not self.connection.is_off(plan.function, self.off)]

    @property
    def system(self) -> str:
        """The name of the connected system, as people know it."""
        return self.integration.manifest.name if self.integration else self.connection.integration

    @property
    def available_actions(self) -> list[str]:
        if self.integration is None:
            return []
        return capabilities.available_actions(self.connection, self.integration, self.off)

    @property
    def available_endpoints(self) -> list[str]:
        if self.integration is None:
            return []
        return capabilities.available_endpoints(self.connection, self.integration, self.off)

    def status(self, plan: Schedule) -> SyncStatus:
        """The state of one function's schedule."""
        if plan.paused:
            return "disabled"
        if plan.function in self.running:
            return "sync_in_progress" if plan.first_done_ms else "first_sync_in_progress"
        return "error" if self._is_blocked(plan.function) or plan.last_outcome == "failed" else "enabled"

    def _is_blocked(self, function: str) -> bool:
        return any(problem.is_blocking and problem.function in ("", function) for problem in self.problems)


def latest_sync_ms(plans: Sequence[Schedule]) -> int | None:
    """The latest end of a sync of these functions; None where none ended yet."""
    return max((plan.last_end_ms for plan in plans if plan.last_end_ms), default=None)


async def overviews(
    database: Database, connections: Sequence[ConnectionRow], off: frozenset[str]
) -> list[ConnectionOverview]:
    """The overviews of these connections, each with all that is kept of it."""
    ids = [connection.id for connection in connections]
    plans = await schedules.of_connections(database, ids)
    noted = await problems.of_connections(database, ids)
    jobs = await queue.open_jobs(database, ids)
    return [
        ConnectionOverview(
            connection=connection,
            integration=find_integration(connection.type, connection.integration),
            schedules=plans[connection.id],
            problems=[
                problem for problem in noted[connection.id] if not connection.is_off(problem.function, off)
            ],
            running=frozenset(job.function for job in jobs[connection.id]),
            off=off,
        )
        for connection in connections
    ]
