"""The bodies about carriers' files, the invoices in them, and what the audit of charges tells.

All but `CarrierFileList` are extensions.
"""

from typing import Annotated, Literal

from msgspec import Meta

from crossdock.api.schemas import Reply
from crossdock.resources.carrier.files import CarrierFile
from crossdock.resources.common import Money, Timestamp

NEXT = Meta(description="Null on the last page.")
COUNT = Meta(description="How many there are on this page.")


class CarrierFileList(Reply, kw_only=True):
    data: list[CarrierFile]
    next_token: Annotated[str | None, NEXT]
    total_count: Annotated[int, COUNT]


class FileSummary(Reply, kw_only=True):
    """A file that was read to its end."""

    rows: Annotated[int, Meta(description="Records below the header that are not blank.")]
    line_items: int
    net: Annotated[Money | None, Meta(description="Null when there are several currencies.")]
    gross: Money | None
    currency: str | None
    gap: Annotated[Money | None, Meta(description="What the file says it comes to, less its line items.")]
    errors: Annotated[int, Meta(description="Cells that could not be read; nothing stands in their place.")]
    warnings: int


class FileFault(Reply, kw_only=True):
    """Something in a file that does not fit."""

    row: Annotated[int, Meta(description="The record of the file; the first one is 1.")]
    column: Annotated[str | None, Meta(description="Null when it is about the whole row.")]
    value: str
    message: str
    is_warning: bool


class ReceivedFile(Reply, kw_only=True):
    """A file that came in, and what reading it gave."""

    id: str
    file_name: str
    created_date: Annotated[Timestamp, Meta(description="When it came in.")]
    generated_time: Timestamp
    file_type: str
    download_url: Annotated[str, Meta(extra_json_schema={"format": "uri"})]
    download_url_expires_at: Timestamp
    size: int
    sha256: str
    source: Literal["upload", "folder", "sftp", "sandbox"]
    state: Annotated[
        Literal["received", "read", "refused", "kept"],
        Meta(
            description="`received`: it waits to be read; `refused`: it can't be, `error` says why; `kept`: "
            "a PDF, which is not read."
        ),
    ]
    error: Annotated[str | None, Meta(description="Why it was refused.")]
    carrier: str | None
    variant: str | None
    reconciled: Annotated[
        bool | None,
        Meta(description="Whether all its totals were met. Null: none to meet."),
    ]
    summary: FileSummary | None
    faults: Annotated[list[FileFault], Meta(description="The first 1000.")]


class ReceivedFileItem(Reply, kw_only=True):
    data: ReceivedFile


class RemovedFile(Reply, kw_only=True):
    id: Annotated[str, Meta(description="The file.")]
    object: Literal["carrier-file"] = "carrier-file"
    deleted: bool = True


class CarrierInvoice(Reply, kw_only=True):
    """An invoice, summed up over all files that it came in."""

    id: str
    invoice_id: str | None
    account_id: str | None
    invoice_date: Timestamp | None
    due_date: Timestamp | None
    currency: str | None
    total: Annotated[Money | None, Meta(description="What files say it comes to; null: nothing.")]
    net: Annotated[Money | None, Meta(description="What its line items come to.")]
    gross: Money | None
    reconciled: bool | None
    gap: Annotated[Money | None, Meta(description="What files say, less its line items.")]
    line_items: int
    errors: int
    file_id: str
    file_name: str
    updated_at: Timestamp


class CarrierInvoiceList(Reply, kw_only=True):
    data: list[CarrierInvoice]
    next_token: Annotated[str | None, NEXT]
    total_count: Annotated[int, COUNT]
