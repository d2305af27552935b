"""A folder on this machine that somebody puts files into: a mail program its attachments, a script, a person.

It lies below the operator's folder for such folders, in the organization's own part of it; nothing that
is a link is followed, so whoever may put files there reads nothing else of this machine.
"""

import asyncio
import os
import shutil
import stat
from collections.abc import AsyncIterator
from pathlib import Path

from crossdock.errors import MissingPermission, VendorRefused, VendorUnavailable
from crossdock.files.sources import MOST_FILES, SourceFileVanished, is_left_alone
from crossdock.kit.file_sources import SourceFile


class Folder:
    """The files that lie directly in a folder."""

    kind = "folder"
    settles = True

    def __init__(self, path: Path) -> None:
        self._path = path

    async def files(self) -> AsyncIterator[SourceFile]:
        try:
            source_files = await asyncio.to_thread(self._listed)
        except FileNotFoundError:
            raise VendorRefused(f"there is no folder {self._path.name!r}; the operator makes it") from None
        except PermissionError:
            raise MissingPermission(f"the folder {self._path.name!r} may not be read") from None
        except OSError as problem:
            raise VendorUnavailable(f"the folder {self._path.name!r}: {problem.strerror}") from None
        for source_file in source_files:
            yield source_file

    def _listed(self) -> list[SourceFile]:
        source_files: list[SourceFile] = []
        with os.scandir(self._path) as entries:
            for entry in entries:
                if is_left_alone(entry.name) or not entry.is_file(follow_symlinks=False):
                    continue
                if len(source_files) == MOST_FILES:
                    raise VendorRefused(f"the folder {self._path.name!r} has more than {MOST_FILES:,} files")
                about = entry.stat(follow_symlinks=False)
                source_files.append(SourceFile(entry.name, about.st_size, about.st_mtime_ns // 1_000_000))
        return sorted(source_files, key=lambda source_file: (source_file.changed_ms, source_file.place))

    async def fetch(self, source_file: SourceFile, into: Path) -> None:
        try:
            await asyncio.to_thread(self._copy, source_file, into)
        except FileNotFoundError:
            raise SourceFileVanished(source_file.place) from None
        except PermissionError:
            raise MissingPermission(f"{source_file.place!r} may not be read") from None
        except OSError as problem:
            raise VendorUnavailable(f"{source_file.place!r} can't be read: {problem.strerror}") from None

    def _copy(self, source_file: SourceFile, into: Path) -> None:
        opened = os.open(self._path / source_file.place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(opened, "rb") as source, into.open("wb") as target:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise VendorUnavailable(f"{source_file.place!r} is no file any more")
            shutil.copyfileobj(source, target, 1 << 20)


def below(root: str, organization_id: str, folder: str) -> Path:
    """The folder that a connection names, in its organization's part of the operator's.

    Raises VendorRefused when it lies elsewhere, or when the operator has no such folder.
    """
    if not root:
        raise VendorRefused("this server watches no folders; its operator can set CROSSDOCK_WATCHED_ROOT")
    own_path = Path(root).resolve() / organization_id
    path = Path(folder)
    if not folder or "\x00" in folder or path.is_absolute() or ".." in path.parts:
        raise VendorRefused(f"{folder!r:.100} is no path below {organization_id}; wanted: a name, or a/b")
    file = (own_path / path).resolve()
    if own_path not in (file, *file.parents):
        raise VendorRefused(f"{folder!r:.100} leads out of {organization_id}")
    return file
