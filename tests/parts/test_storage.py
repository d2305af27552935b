"""Objects are kept alike in a folder and in S3-compatible storage."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crossdock.config import Settings
from crossdock.errors import SettingsError, Unavailable
from crossdock.files.cleaning import HOUR_MS, clean_files
from crossdock.files.storage import Storage, StoredFileMissing, open_storage
from crossdock.store.database.engine import Database
from tests.fakes.s3 import KEYS, s3

__all__ = ["s3"]


@pytest.fixture(params=["folder", "s3"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    if request.param == "folder":
        yield open_storage(Settings(data_dir=str(tmp_path)))
        return
    url = request.getfixturevalue("s3")
    yield open_storage(Settings(files_url=f"s3://invoices/{tmp_path.name}", files_endpoint=url, **KEYS))


def file(folder: Path, content: bytes) -> Path:
    path = folder / "given"
    path.write_bytes(content)
    return path


async def kept(storage: Storage) -> list[str]:
    return sorted([stored_file.key async for stored_files in storage.all() for stored_file in stored_files])


async def test_what_is_put_comes_back_byte_for_byte_in_pieces_and_as_a_file(storage: Storage, tmp_path: Path):
    content = bytes(range(256)) * 12_000  # more than one piece
    await storage.put("a/b", file(tmp_path, content))
    pieces = [piece async for piece in storage.pieces("a/b")]
    assert b"".join(pieces) == content
    assert len(pieces) > 1
    async with storage.on_disk("a/b") as path:
        assert path.read_bytes() == content


async def test_writing_an_object_again_changes_nothing(storage: Storage, tmp_path: Path):
    for _ in range(2):
        await storage.put("a/b", file(tmp_path, b"same"))
    assert await kept(storage) == ["a/b"]


async def test_what_is_not_there_is_said_to_be_missing(storage: Storage):
    with pytest.raises(StoredFileMissing):
        async for _ in storage.pieces("a/none"):
            pass
    with pytest.raises(StoredFileMissing):
        async with storage.on_disk("a/none"):
            pass
    await storage.delete(["a/none"])


async def test_objects_that_no_row_names_go_after_an_hour(
    storage: Storage, database: Database, tmp_path: Path
):
    await storage.put("c/named", file(tmp_path, b"1"))
    await storage.put("c/orphan", file(tmp_path, b"2"))
    await database.execute(
        "INSERT INTO received_files (id, connection_id, name, file_type, sha256, size, received_ms, source, "
        "object, state) VALUES ('file_1', 1, 'a.csv', 'csv', '', 1, 1, 'upload', 'c/named', 'read')"
    )
    now = time.time_ns() // 1_000_000
    assert await clean_files(database, storage, now) == 0
    assert await clean_files(database, storage, now + HOUR_MS + 60_000) == 1
    assert await kept(storage) == ["c/named"]


async def test_a_storage_that_is_away_is_told_as_unavailable(tmp_path: Path):
    away = Settings(files_url="s3://invoices", files_endpoint="http://127.0.0.1:9", **KEYS)
    storage = open_storage(away)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(storage.put("a", file(tmp_path, b"x")), 20)


def test_a_storage_that_can_not_be_is_told_by_the_name_of_the_setting():
    with pytest.raises(SettingsError, match="CROSSDOCK_FILES_URL is 'ftp://x'"):
        open_storage(Settings(files_url="ftp://x"))
