"""Where the bytes of files lie: a local folder, or S3-compatible storage. One behaviour in both.

An object is written before the row that names it, so a row never points to nothing; an object that no
row came to name is harmless, and `cleaning` takes it away. No key is used twice, so what is taken away
is never what somebody is about to name.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as NoSuchObject
from obstore.store import LocalStore, from_url

from crossdock.config import Settings
from crossdock.errors import SettingsError, Unavailable
from crossdock.private import new_folder

PIECE_BYTES = 1 << 20

_KEYS = {
    "files_endpoint": "endpoint",
    "files_region": "region",
    "files_access_key": "access_key_id",
    "files_secret_key": "secret_access_key",
}


_RETRIES: Any = {
    "max_retries": 3,
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=2), "base": 2},
    "retry_timeout": timedelta(seconds=30),
}
"""Then whoever waits is told, and tries again later."""


class StoredFileMissing(Exception):
    """An object that is not in the storage."""


@dataclass(frozen=True)
class StoredFile:
    """An object that is there. changed_ms: when it was written, by the clock of the storage."""

    key: str
    changed_ms: int


class Storage:
    """Objects by key. Whatever the storage can't do now raises Unavailable."""

    def __init__(self, store: Any, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder
        """Set where objects are files of this machine."""

    async def put(self, key: str, file: Path) -> None:
        """Keep the bytes of a file; all of them or none."""
        try:
            await self._store.put_async(key, file)
        except BaseError as problem:
            raise _unavailable(problem) from problem

    @asynccontextmanager
    async def on_disk(self, key: str) -> AsyncIterator[Path]:
        """The object as a file of this machine, until the end of the block. Raises Missing."""
        if self._folder is not None:
            path = self._folder / key
            if not await asyncio.to_thread(path.is_file):
                raise StoredFileMissing(key)
            yield path
            return
        with TemporaryDirectory(prefix="crossdock-") as folder:
            path = Path(folder) / "file"
            with path.open("wb") as file:
                async for piece in self.pieces(key):
                    await asyncio.to_thread(file.write, piece)
            yield path

    async def pieces(self, key: str) -> AsyncIterator[bytes]:
        """The bytes of an object, some at a time. Raises Missing."""
        try:
            value = await self._store.get_async(key)
            async for piece in value.stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)
        except (FileNotFoundError, NoSuchObject):
            raise StoredFileMissing(key) from None
        except BaseError as problem:
            raise _unavailable(problem) from problem

    async def delete(self, keys: Iterable[str]) -> None:
        """Take objects away; those that are not there are no trouble."""
        for key in keys:
            try:
                await self._store.delete_async(key)
            except (FileNotFoundError, NoSuchObject):
                continue
            except BaseError as problem:
                raise _unavailable(problem) from problem

    async def all(self) -> AsyncIterator[list[StoredFile]]:
        """Every object, so many at a time."""
        try:
            async for item in self._store.list(chunk_size=1000):
                yield [
                    StoredFile(item["path"], int(item["last_modified"].timestamp() * 1000)) for item in item
                ]
        except BaseError as problem:
            raise _unavailable(problem) from problem


def _unavailable(problem: Exception) -> Unavailable:
    return Unavailable("the storage of files does not answer now", detail=str(problem))


def open_storage(settings: Settings) -> Storage:
    """The storage that the settings name. Raises SettingsError for one that can't be."""
    if "://" not in settings.files:
        folder = Path(settings.files).absolute()
        try:
            new_folder(folder)
        except OSError as problem:
            raise SettingsError(f"the folder of files can't be made: {problem}") from None
        return Storage(LocalStore(folder, automatic_cleanup=False), folder)
    getattrs: dict[str, Any] = {
        key: getattr(settings, name) for name, key in _KEYS.items() if getattr(settings, name)
    }
    if settings.files_endpoint.startswith("http://"):
        getattrs["client_options"] = {"allow_http": True}
    try:
        return Storage(from_url(settings.files, retry_config=_RETRIES, **getattrs))
    except (BaseError, ValueError, TypeError) as problem:
        raise SettingsError(f"CROSSDOCK_FILES_URL is {settings.files!r}: {problem}") from None
