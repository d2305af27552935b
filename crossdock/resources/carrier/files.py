"""Invoice files as they were received. Listed by time, with links that expire."""

from typing import Annotated

from msgspec import Meta

from crossdock.resources.common import Timestamp
from crossdock.resources.schema import Record, Resource


class CarrierFile(Record, kw_only=True):
    """An invoice file that was received."""

    file_name: str
    generated_time: Timestamp
    file_type: str
    download_url: Annotated[str, Meta(extra_json_schema={"format": "uri"})]
    download_url_expires_at: Timestamp


CARRIER_FILES = Resource(
    record=CarrierFile,
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
