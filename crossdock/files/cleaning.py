"""Taking away what no row came to name: objects of uploads that died, of connections that were deleted."""

import time
from pathlib import Path

from crossdock.files.storage import Storage
from crossdock.store.carriers import files
from crossdock.store.database.engine import Database

HOUR_MS = 3_600_000
DAY_SECONDS = 86_400


async def clean_files(database: Database, storage: Storage, now_ms: int) -> int:
    """Delete objects without a row that are older than an hour; how many.

    now_ms: by the clock of the storage. An hour, since a row follows its object within seconds.
    """
    removed = 0
    async for stored_files in storage.all():
        old = [file.key for file in stored_files if file.changed_ms < now_ms - HOUR_MS]
        if not old:
            continue
        named = await files.named_objects(database, old)
        orphans = [text for text in old if text not in named]
        await storage.delete(orphans)
        removed += len(orphans)
    return removed


def clean_parts(folder: Path) -> None:
    """Delete what was fetched in part and not gone on with for a day."""
    for part in folder.glob("*/*.part"):
        if part.stat().st_mtime < time.time() - DAY_SECONDS:
            part.unlink(missing_ok=True)
