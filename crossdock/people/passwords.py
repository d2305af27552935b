"""Passwords: Argon2id, made and checked in threads, a few at a time, so that no caller holds up others."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from crossdock.errors import Invalid, TooManyRequests

TIME_COST, MEMORY_KIB, PARALLELISM = 2, 32_768, 1
"""Above the least that OWASP's Password Storage Cheat Sheet names (19 MiB, 2, 1). Raised, they are taken over
at each user's next sign-in."""
SHORTEST, LONGEST = 12, 256
"""In characters."""
FEWEST_KINDS = 5
"""Different characters in a password: "aaaaaaaaaaaa" is none."""
AT_ONCE = 2
MOST_WAITING = 64

Result = TypeVar("Result")


def normalized(password: str) -> str:
    """The password as it is hashed: keyboards write an accented letter in more than one way."""
    return unicodedata.normalize("NFKC", password)


def check_new(password: str, *not_within: str) -> None:
    """Raise Invalid for a password that is too easily guessed. not_within: the user's name and address."""
    text = normalized(password)
    faults = []
    if not SHORTEST <= len(text) <= LONGEST:
        faults.append(f"must have {SHORTEST} to {LONGEST} characters, not {len(text)}")
    elif len(set(text)) < FEWEST_KINDS:
        faults.append(f"must have at least {FEWEST_KINDS} different characters")
    elif text.casefold() in {word.casefold() for word in not_within if word}:
        faults.append("must not be your name or e-mail address")
    if faults:
        raise Invalid({"json": {"password": faults}})


class Passwords:
    """Makes and checks hashes of passwords."""

    def __init__(self, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, PARALLELISM)
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    @cached_property
    def _nobodys(self) -> str:
        """A hash that no password has: checking it takes as long as checking a user's."""
        return self._hasher.hash(secrets.token_urlsafe(32))

    async def hashed(self, password: str) -> str:
        """The hash to store. Raises TooManyRequests while too many wait."""
        return await self._aside(lambda: self._hasher.hash(normalized(password)))

    async def fits(self, password: str, stored: str | None) -> bool:
        """Check a password; None is nobody's, and takes as long. Raises TooManyRequests as `hashed` does."""
        text = normalized(password[: 4 * LONGEST])
        fits = await self._aside(lambda: self._fits(text, stored or self._nobodys))
        return fits and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Check whether a hash was made with parameters of before."""
        return self._hasher.check_needs_rehash(stored)

    def _fits(self, text: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, text)
        except (Argon2Error, InvalidHashError):
            return False

    async def _aside(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= MOST_WAITING:
            raise TooManyRequests("too many people sign in right now", retry_after_seconds=2)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
