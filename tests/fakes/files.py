"""`kit.files.Files` in memory: what a source holds, all received at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crossdock.errors import NotFound
from crossdock.kit.file_sources import FileSource
from crossdock.kit.files import FileOutcome, FileRef

RECEIVED = datetime(2026, 3, 1, 10, tzinfo=UTC)


@dataclass
class TakenFiles:
    """Files by their names, and what came of reading them."""

    folder: Path
    outcomes: dict[str, FileOutcome] = field(default_factory=dict)
    orders: Any = None

    @classmethod
    async def of(cls, source: FileSource, folder: Path) -> "TakenFiles":
        async for file in source.files():
            await source.fetch(file, folder / file.place)
        return cls(folder)

    async def after(self, last: str | None, *, start: datetime | None = None) -> list[FileRef]:
        names = sorted(path.name for path in self.folder.iterdir())
        return [FileRef(name, name, RECEIVED) for name in names if last is None or name > last]

    async def again(self) -> list[FileRef]:
        return []

    async def begin(self, id: str) -> int:
        return 1

    async def give_up(self, id: str) -> None:
        pass

    async def one(self, id: str) -> FileRef | None:
        return FileRef(id, id, RECEIVED) if (self.folder / id).exists() else None

    @asynccontextmanager
    async def open(self, id: str) -> AsyncIterator[Path]:
        if not (self.folder / id).exists():
            raise NotFound(f"there is no file {id!r}", record_id=id)
        yield self.folder / id

    async def note_read(self, id: str, outcome: FileOutcome) -> None:
        self.outcomes[id] = outcome
