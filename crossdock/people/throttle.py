"""Limits against guessing: every try is counted before it is made, and the next has to wait longer.

    of an account from an address     5 free, then 2, 4, 8 … 900 s
    of an account from anywhere      30 free, then 2, 4 … 30 s; addresses it was opened from do not wait
    from an address, of any account  50 free, then 2, 4 … 900 s

So a stranger can keep nobody out for long, and not at all where they signed in before. What an account is
makes no difference: one that does not exist is counted alike.
"""

from dataclasses import dataclass

from crossdock.errors import TooManyRequests
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.people import sign_in_failures

FORGOTTEN_MS = 24 * 3_600_000
"""After so long without a failure it is counted anew."""


@dataclass(frozen=True)
class FailureLimit:
    """The number of failures that are free, and the longest wait after more, in seconds."""

    free: int
    longest_seconds: int

    def wait_seconds(self, failures: int) -> int:
        """The wait after so many failures."""
        beyond = failures - self.free
        return 0 if beyond <= 0 else min(2 ** min(beyond, 20), self.longest_seconds)


PAIR = FailureLimit(5, 900)
ACCOUNT = FailureLimit(30, 30)
ADDRESS = FailureLimit(50, 900)


@dataclass(frozen=True)
class GuessThrottle:
    """Counts tries of one kind: "password", "second factor"."""

    database: Database
    kind: str

    async def take(self, account: str, address: str, now_ms: int, *, is_known_address: bool) -> None:
        """Count a try before it is made. Raises TooManyRequests when it is too early for one."""

        async def work(transaction: Transaction) -> int:
            subjects = self._subjects(account, address)
            await transaction.in_turn(f"sign-ins from {address}")
            if not is_known_address:
                await transaction.in_turn(f"sign-ins of {account}")
            wait_ms = 0
            counted = {}
            for subject, limit in subjects.items():
                failures, last_ms, next_ms = await sign_in_failures.of(transaction, subject)
                if last_ms < now_ms - FORGOTTEN_MS:
                    failures, next_ms = 0, 0
                counted[subject] = failures
                if limit is not ACCOUNT or not is_known_address:
                    wait_ms = max(wait_ms, next_ms - now_ms)
            if wait_ms > 0:
                return wait_ms
            for subject, limit in subjects.items():
                failures = counted[subject] + 1
                until_ms = now_ms + limit.wait_seconds(failures) * 1000
                await sign_in_failures.put(transaction, subject, failures, now_ms, until_ms)
            return 0

        wait_ms = await self.database.transact(work)
        if wait_ms > 0:
            seconds = -(-wait_ms // 1000)
            raise TooManyRequests(
                f"too many tries failed; the next may be made in {seconds} s", retry_after_seconds=seconds
            )

    async def succeeded(self, transaction: Transaction, account: str, address: str) -> None:
        """Take back what `take` counted: the try was right."""
        for subject, limit in self._subjects(account, address).items():
            await sign_in_failures.forgive(transaction, subject, 1_000_000 if limit is PAIR else 1)

    def _subjects(self, account: str, address: str) -> dict[str, FailureLimit]:
        return {
            f"{self.kind}\n{account}\n{address}": PAIR,
            f"{self.kind}\n{account}": ACCOUNT,
            f"{self.kind}\n\n{address}": ADDRESS,
        }
