"""`integrations.contract.Files` in memory: what a source holds, all received at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from crossdock.errors import NotFound
from crossdock.integrations.contract import FileRef, Outcome
from crossdock.integrations.deliveries import Source

RECEIVED = datetime(2026, 3, 1, 10, tzinfo=UTC)


@dataclass
class TakenFiles:
    """Files by their names, and what came of reading them."""

    folder: Path
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    @classmethod
    async def of(cls, source: Source, folder: Path) -> "TakenFiles":
        async for one in source.files():
            await source.fetch(one, folder / one.place)
        return cls(folder)

    async def after(self, last: str | None, *, start: datetime | None = None) -> list[FileRef]:
        names = sorted(path.name for path in self.folder.iterdir())
        return [FileRef(name, name, RECEIVED) for name in names if last is None or name > last]

    async def one(self, id: str) -> FileRef | None:
        return FileRef(id, id, RECEIVED) if (self.folder / id).exists() else None

    @asynccontextmanager
    async def open(self, id: str) -> AsyncIterator[Path]:
        if not (self.folder / id).exists():
            raise NotFound(f"there is no file {id!r}", record_id=id)
        yield self.folder / id

    async def note_read(self, id: str, outcome: Outcome) -> None:
        self.outcomes[id] = outcome
