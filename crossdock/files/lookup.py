"""Finding a file by its id."""

from crossdock.errors import NotFound
from crossdock.store.carriers import files
from crossdock.store.carriers.files import FileRow
from crossdock.store.database.engine import Database, Transaction


async def get_file(
    database: Database | Transaction, file_id: str, connection_id: int | None = None
) -> FileRow:
    """The file with this id, of this connection if any is named. Raises NotFound."""
    file = await files.get(database, file_id)
    if file is None or connection_id not in (None, file.connection_id):
        raise NotFound(f"there is no file {file_id!r}", record_id=file_id)
    return file
