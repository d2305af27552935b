"""Invoice files as they were received. Listed by time, with links that expire."""

from typing import Annotated

from msgspec import Meta

from crossdock.resources.common import Timestamp
from crossdock.resources.schema import Record, Resource


class NewFile(Record, kw_only=True):
    """A file that came in. Its event has no link: that would expire before a second try."""

    id: str
    file_name: str
    created_date: Timestamp
    generated_time: Timestamp
    file_type: str


class CarrierFile(NewFile, kw_only=True):
    """A file that came in, and a link to it."""

    download_url: Annotated[str, Meta(extra_json_schema={"format": "uri"})]
    download_url_expires_at: Timestamp


CARRIER_FILES = Resource(
    record=NewFile,
    path="/carrier/files",
    singular="file",
    function="get_files",
    event="carrier-file",
    every=None,
    listed=False,
    stamped=False,
    filters_tags=False,
    item_path="",
)
