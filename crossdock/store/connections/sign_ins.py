"""Whether the credentials of a connection may be tried now, and who tries them, over all processes.

    open ──refused──▶ refused ──a probe, when its time has come──▶ refused (waiting longer) or open
      ▲                  │
      └──new credentials─┘

One sign-in at a time: whoever signs in holds a lease, which runs out if they die.
"""

from dataclasses import dataclass

from crossdock.store.database.engine import Database, Transaction

LEASE_MS = 60_000
MOST_NOTED = 5
"""Refused attempts whose times are kept."""


@dataclass(frozen=True)
class SignInState:
    """The state of signing in to a connection. `attempts_ms`: when it was refused last, oldest first."""

    refused_kind: str | None = None
    refusals: int = 0
    attempts_ms: tuple[int, ...] = ()
    next_ms: int = 0
    accepted_ms: int = 0
    holder: str | None = None
    lease_ms: int = 0

    def is_held(self, now_ms: int) -> bool:
        """Check whether somebody signs in now. A lease from far ahead was taken by a clock that was wrong."""
        return self.holder is not None and now_ms <= self.lease_ms <= now_ms + LEASE_MS


_COLUMNS = "refused_kind, refusals, attempts_ms, next_ms, accepted_ms, holder, lease_ms"


async def get(database: Database | Transaction, connection_id: int, locking: str = "") -> SignInState:
    """The sign-in state of a connection; one that was never refused or signed in to is open.

    locking: `Database.locking`, to hold it until the transaction ends.
    """
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM sign_ins WHERE connection_id = ?{locking}", connection_id
    )
    if row is None:
        return SignInState()
    attempts = tuple(int(part) for part in str(row[2]).split(",") if part)
    return SignInState(row[0], row[1], attempts, *row[3:])


async def put(transaction: Transaction, connection_id: int, state: SignInState) -> None:
    """Store the sign-in state of a connection."""
    attempts = ",".join(map(str, state.attempts_ms[-MOST_NOTED:]))
    await transaction.execute(
        f"INSERT INTO sign_ins (connection_id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (connection_id) DO UPDATE SET refused_kind = excluded.refused_kind, "
        "refusals = excluded.refusals, attempts_ms = excluded.attempts_ms, next_ms = excluded.next_ms, "
        "accepted_ms = excluded.accepted_ms, holder = excluded.holder, lease_ms = excluded.lease_ms",
        connection_id, state.refused_kind, state.refusals, attempts, state.next_ms, state.accepted_ms,
        state.holder, state.lease_ms,
    )  # fmt: skip


async def release(database: Database, connection_id: int, holder: str) -> None:
    """Let somebody else sign in, if this holder still has the lease."""
    await database.execute(
        "UPDATE sign_ins SET holder = NULL WHERE connection_id = ? AND holder = ?", connection_id, holder
    )


async def forget(transaction: Transaction, connection_id: int) -> None:
    """The credentials are new: nothing is known of them."""
    await transaction.execute("DELETE FROM sign_ins WHERE connection_id = ?", connection_id)
