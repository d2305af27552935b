"""States of claims on what the audit finds. They outlive audits: what comes again has its claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from crossdock.store.database.engine import Database, Transaction

ClaimState = Literal["open", "disputed", "recovered", "refused", "ignored"]
STATES: Final[tuple[ClaimState, ...]] = ("open", "disputed", "recovered", "refused", "ignored")
"""Nobody has looked at it; claimed from the carrier; given back by it; not given back; not worth a claim."""


@dataclass(frozen=True)
class Claim:
    """The state of a finding, with a note. actor: who set it last, as can be shown."""

    finding_id: str
    state: ClaimState
    note: str
    actor: str
    changed_ms: int
    amount: str | None = None
    """Decimal: what was claimed, or came back; None: nobody said."""


async def of_findings(database: Database, connection_id: int, ids: Sequence[str]) -> dict[str, Claim]:
    """The claims on these findings, by the finding's id; those that nobody has touched have none."""
    if not ids:
        return {}
    condition, bound = database.one_of("finding_id", ids)
    rows = await database.fetch(
        "SELECT finding_id, state, note, actor, changed_ms, amount FROM finding_claims "
        f"WHERE connection_id = ? AND {condition}",
        connection_id,
        bound,
    )
    return {row[0]: Claim(*row) for row in rows}


async def put(transaction: Transaction, connection_id: int, claim: Claim) -> None:
    """Set the state of a finding."""
    await transaction.execute(
        "INSERT INTO finding_claims (connection_id, finding_id, state, note, actor, changed_ms, "
        "amount) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, finding_id) DO UPDATE SET "
        "state = excluded.state, note = excluded.note, actor = excluded.actor, "
        "changed_ms = excluded.changed_ms, amount = excluded.amount",
        connection_id, claim.finding_id, claim.state, claim.note, claim.actor, claim.changed_ms,
        claim.amount,
    )  # fmt: skip


def condition(state: str) -> tuple[str, list[object]]:
    """The condition on `findings` that are in a state, in SQL, and its values."""
    there = (
        "EXISTS (SELECT 1 FROM finding_claims c WHERE c.connection_id = findings.connection_id "
        "AND c.finding_id = findings.id AND c.state {} ?)"
    )
    if state == "open":
        return f"NOT {there.format('<>')}", [state]
    return there.format("="), [state]
