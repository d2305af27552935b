"""Switching an SQLite file to its write-ahead log, whoever else does so at the same moment."""

import sqlite3
import time
from collections.abc import Callable

BUSY_SECONDS = 60
"""How long a file that another process has locked is waited for."""


def log_ahead(execute: Callable[[str], object]) -> None:
    """Switch to WAL. SQLite's busy timeout does not count for the switch itself: it is tried again here."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            execute("PRAGMA journal_mode=WAL")
        except Exception as problem:
            is_locked = _code(problem) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not is_locked or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _code(problem: Exception) -> int | None:
    """SQLite's primary result code; SQLAlchemy keeps the driver's error as `orig`."""
    code = getattr(getattr(problem, "orig", problem), "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
