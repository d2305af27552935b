"""Second factors: the sealed secret of one-time codes, and recovery codes by their digests."""

from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.store.connections.access import digest
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import new_id


@dataclass(frozen=True)
class SecondFactor:
    """A user's. secret: sealed; confirmed_ms None: enrolment was begun; step: the last that was accepted."""

    secret: bytes
    confirmed_ms: int | None
    step: int


async def get(reader: Database | Transaction, user_id: str) -> SecondFactor | None:
    row = await reader.fetch_one(
        "SELECT totp_secret, totp_confirmed_ms, totp_step FROM users WHERE id = ?", user_id
    )
    return None if row is None or row[0] is None else SecondFactor(bytes(row[0]), row[1], int(row[2]))


async def begin(transaction: Transaction, user_id: str, secret: bytes) -> bool:
    """Keep a secret that is not confirmed yet; False when a confirmed one is there."""
    sql = "UPDATE users SET totp_secret = ?, totp_step = 0 WHERE id = ? AND totp_confirmed_ms IS NULL"
    return await transaction.execute(sql, secret, user_id) == 1


async def accept(transaction: Transaction, user_id: str, step: int) -> bool:
    """Note that the code of a step was used; False when that or a later one was used before."""
    sql = "UPDATE users SET totp_step = ? WHERE id = ? AND totp_step < ?"
    return await transaction.execute(sql, step, user_id, step) == 1


async def confirm(transaction: Transaction, user_id: str, now_ms: int) -> None:
    await transaction.execute("UPDATE users SET totp_confirmed_ms = ? WHERE id = ?", now_ms, user_id)


async def remove(transaction: Transaction, user_id: str) -> None:
    await transaction.execute(
        "UPDATE users SET totp_secret = NULL, totp_confirmed_ms = NULL, totp_step = 0 WHERE id = ?", user_id
    )
    await transaction.execute("DELETE FROM recovery_codes WHERE user_id = ?", user_id)


async def put_recovery_codes(
    transaction: Transaction, user_id: str, codes: Iterable[str], now_ms: int
) -> None:
    """Store recovery codes in place of those before."""
    await transaction.execute("DELETE FROM recovery_codes WHERE user_id = ?", user_id)
    await transaction.executemany(
        "INSERT INTO recovery_codes (id, user_id, digest) VALUES (?, ?, ?)",
        [(new_id("rc", now_ms), user_id, digest(code)) for code in codes],
    )


async def use_recovery_code(transaction: Transaction, user_id: str, code: str, now_ms: int) -> bool:
    """Use a recovery code up; False when the user has none such left."""
    sql = "UPDATE recovery_codes SET used_ms = ? WHERE user_id = ? AND digest = ? AND used_ms IS NULL"
    return await transaction.execute(sql, now_ms, user_id, digest(code)) == 1


async def recovery_codes_left(reader: Database | Transaction, user_id: str) -> int:
    row = await reader.fetch_one(
        "SELECT count(*) FROM recovery_codes WHERE user_id = ? AND used_ms IS NULL", user_id
    )
    return 0 if row is None else int(row[0])
