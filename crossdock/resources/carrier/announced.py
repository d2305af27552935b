"""What the event about a new file tells: nothing that expires before a receiver has got it."""

from crossdock.resources.common import Timestamp
from crossdock.resources.schema import Record


class FileAnnounced(Record, kw_only=True):
    """A file that was received. Its bytes are behind `GET /carrier/files/{id}`."""

    id: str
    file_name: str
    created_date: Timestamp
    generated_time: Timestamp
    file_type: str
