"""What an operator is told of the server itself: work that waits too long, faults, e-mail that fails."""

from dataclasses import dataclass, replace

from crossdock.alerts.intake import put_open
from crossdock.store.alerts import outbox, positions, problems
from crossdock.store.alerts.channels import OPERATOR
from crossdock.store.alerts.problems import AlertProblem, AlertSubject
from crossdock.store.database import gauges
from crossdock.store.database.engine import Database, Transaction

SERVER_LOOK_MS = 60_000
LONGEST_WAIT_SECONDS = 900
"""For a job that is due, a webhook, or an e-mail."""


@dataclass(frozen=True)
class ServerState:
    """The state of the server at a moment: messages and counts by kind. All other kinds are not."""

    wrong: dict[str, tuple[str, int]]
    now_ms: int

    async def note(self, transaction: Transaction) -> None:
        """Store what is wrong, and what no longer is."""
        has_changed = False
        for kind in ("queue_backlog", "webhook_backlog", "jobs_failing", "mail_failing"):
            before = await problems.by_key(transaction, OPERATOR, f"server/{kind}")
            if kind in self.wrong:
                has_changed |= await put_open(transaction, before, self._problem(kind))
            elif before is not None and before.is_open:
                over = replace(before, resolved_ms=self.now_ms, last_ms=self.now_ms)
                await problems.put(transaction, over)
                has_changed = True
        if has_changed:
            await positions.plan_at(transaction, OPERATOR, self.now_ms)

    def _problem(self, kind: str) -> AlertProblem:
        message, count = self.wrong[kind]
        return AlertProblem(
            id="", organization_id=OPERATOR, key=f"server/{kind}", kind=kind, subject=AlertSubject(),
            message=message, count=count, first_ms=self.now_ms, last_ms=self.now_ms,
        )  # fmt: skip


async def watch_server(database: Database, now_ms: int) -> ServerState:
    """Look at the server as it is now."""
    wrong: dict[str, tuple[str, int]] = {}
    backlog = await gauges.read_backlog(database, now_ms)
    if backlog.waiting_seconds > LONGEST_WAIT_SECONDS:
        wrong["queue_backlog"] = (_waits("A sync that is due", backlog.waiting_seconds), 1)
    if backlog.webhook_backlog_seconds > LONGEST_WAIT_SECONDS:
        wrong["webhook_backlog"] = (_waits("A webhook that is due", backlog.webhook_backlog_seconds), 1)
    if faults := backlog.problems.get("internal_error", 0):
        wrong["jobs_failing"] = (f"Functions that failed by a fault of Crossdock: {faults:,}.", faults)
    oldest_ms = await outbox.oldest_waiting_ms(database)
    if oldest_ms is not None and now_ms - oldest_ms > LONGEST_WAIT_SECONDS * 1000:
        wrong["mail_failing"] = (_waits("An e-mail", (now_ms - oldest_ms) / 1000), 1)
    return ServerState(wrong, now_ms)


def _waits(name: str, seconds: float) -> str:
    return f"{name} has waited for {int(seconds // 60):,} minutes."
