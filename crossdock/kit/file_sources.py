"""Places that files are taken from: a folder, an SFTP server, or the carrier itself."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class SourceFile:
    """A file at its source. changed_ms: when it last changed, by the source's clock."""

    place: str
    size: int
    changed_ms: int


class FileSource(Protocol):
    """A place that files are taken from. Failures are raised as the `VendorError` they are."""

    @property
    def kind(self) -> str:
        """The name of the file's `source`."""
        ...

    @property
    def settles(self) -> bool:
        """Check whether a file may be met half-written: then it is looked at twice."""
        ...

    def files(self) -> AsyncIterator[SourceFile]:
        """The files that lie there now."""
        ...

    async def fetch(self, source_file: SourceFile, into: Path) -> None:
        """Complete `into`, which may hold the file's beginning from an earlier try."""
        ...
