"""What an integration keeps of a connection: tokens, and facts that it found; encrypted, for all workers.

    read ── anybody, at any time
    change ── claim ── do it, calls to the vendor included ── store ── release
                │
                └── somebody else does: wait until they are done, or their lease has run out

The claim is a row, not a transaction: a vendor's token endpoint may take a minute to answer, and nobody's
writes wait for that. What is stored was stored before anybody uses it. A claim that ran out while its holder
was held up stores all the same, unless somebody has changed the session since.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from crossdock.errors import NotFound, Unavailable, VendorUnavailable
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault

LEASE_MS = 20_000
RENEWAL_SECONDS = 5.0
SHORTEST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.02, 0.25
RETRY_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0
"""How long to wait for another worker's change."""

Values = dict[str, Any]


@dataclass(frozen=True)
class StoredSession:
    """`kit.session.ConnectionSession`, kept in the database."""

    database: Database
    vault: Vault
    connection: ConnectionRow
    clock: Clock
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)

    async def get(self) -> Values:
        """A copy of what is kept now."""
        row = await self.database.fetch_one(
            "SELECT content FROM sessions WHERE connection_id = ?", self.connection.id
        )
        return await self._opened(row[0] if row else None)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Values]:
        """The values kept, which nobody else changes meanwhile. Stored when the block ends without raising.

        Raises VendorUnavailable when another worker takes too long over it, and NotFound when the connection
        was deleted.
        """
        holder = secrets.token_hex(8)
        content, version = await self._claim(holder)
        renewal = asyncio.create_task(self._renew(holder))
        try:
            before = await self._opened(content)
            values = await self._opened(content)
            yield values
            if values != before:
                await self._store_surely(values, version)
        finally:
            renewal.cancel()
            with suppress(Unavailable):  # it runs out by itself
                await self.database.execute(
                    "UPDATE sessions SET holder = NULL WHERE connection_id = ? AND holder = ?",
                    self.connection.id, holder,
                )  # fmt: skip

    async def _claim(self, holder: str) -> tuple[bytes | None, int]:
        """The sealed content and its version, once nobody else changes it."""
        look, deadline = SHORTEST_LOOK_SECONDS, time.monotonic() + LONGEST_WAIT_SECONDS
        while time.monotonic() < deadline:
            row = await self.database.transact(partial(self._claimed, holder=holder))
            if row is not None:
                return row[0], int(row[1])
            await self.sleep(look)
            look = min(look * 2, LONGEST_LOOK_SECONDS)
        raise VendorUnavailable(
            "another worker renews the sign-in and takes long; this one waits for it", may_have_arrived=False
        )

    async def _claimed(self, transaction: Transaction, holder: str) -> Row | None:
        """The content and its version, if nobody else changes it."""
        now = self.clock()
        await self._lock(transaction)
        # A lease from far ahead was taken by a clock that was wrong.
        return await transaction.fetch_one(
            "INSERT INTO sessions (connection_id, holder, lease_ms) VALUES (?, ?, ?) "
            "ON CONFLICT (connection_id) DO UPDATE "
            "SET holder = excluded.holder, lease_ms = excluded.lease_ms "
            "WHERE sessions.holder IS NULL OR sessions.lease_ms < ? OR sessions.lease_ms > ? "
            "RETURNING content, version",
            self.connection.id, holder, now + LEASE_MS, now, now + 2 * LEASE_MS,
        )  # fmt: skip

    async def _lock(self, transaction: Transaction) -> None:
        if not await connections.lock(transaction, self.connection.id):
            raise NotFound("the connection was deleted", record_id=self.connection.uid)

    async def _store_surely(self, values: Values, version: int) -> None:
        """Store the values, also when the database is away for a moment: a lost token may be the last."""
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        while True:
            try:
                return await self._store(values, version)
            except Unavailable:
                if time.monotonic() >= deadline:
                    raise
            await self.sleep(RETRY_SECONDS)

    async def _store(self, values: Values, version: int) -> None:
        sealed = await seal(self.vault, self.connection, values)

        async def work(transaction: Transaction) -> None:
            await self._lock(transaction)
            await transaction.execute(
                "UPDATE sessions SET content = ?, version = version + 1 "
                "WHERE connection_id = ? AND version = ?",
                sealed, self.connection.id, version,
            )  # fmt: skip

        await self.database.transact(work)

    async def _renew(self, holder: str) -> None:
        while True:
            await asyncio.sleep(RENEWAL_SECONDS)
            with suppress(Unavailable):
                await self.database.execute(
                    "UPDATE sessions SET lease_ms = ? WHERE connection_id = ? AND holder = ?",
                    self.clock() + LEASE_MS, self.connection.id, holder,
                )  # fmt: skip

    async def _opened(self, content: bytes | None) -> Values:
        if content is None:
            return {}
        opened = await self.vault.open(
            self.connection.organization_id, _purpose(self.connection), bytes(content)
        )
        values: Values = msgspec.json.decode(opened)
        return values


async def seal(vault: Vault, connection: ConnectionRow, values: Mapping[str, Any]) -> bytes:
    """Encrypt what is to be kept of a connection."""
    encoded = msgspec.json.encode(dict(values))
    return await vault.seal(connection.organization_id, _purpose(connection), encoded)


async def put(transaction: Transaction, connection_id: int, sealed: bytes) -> None:
    """Store a session in place of whatever was kept; a change that is under way does not count any more."""
    await transaction.execute(
        "INSERT INTO sessions (connection_id, content) VALUES (?, ?) ON CONFLICT (connection_id) DO UPDATE "
        "SET content = excluded.content, version = sessions.version + 1, holder = NULL",
        connection_id, sealed,
    )  # fmt: skip


async def forget(transaction: Transaction, connection_id: int) -> None:
    """Forget all that is kept of a connection."""
    await transaction.execute("DELETE FROM sessions WHERE connection_id = ?", connection_id)


def _purpose(connection: ConnectionRow) -> str:
    return f"session of {connection.uid}"
