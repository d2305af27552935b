"""Tables of carriers: files that came in, the invoices in them, what the audit compares and finds."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, text

from crossdock.store.schema.metadata import Number, Text, metadata

Table(
    "received_files",  # one row an arrival; the bytes lie in the storage of files
    metadata,
    Column("seq", Number, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("connection_id", Number, nullable=False),
    Column("name", Text, nullable=False),
    Column("file_type", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", Number, nullable=False),
    Column("received_ms", Number, nullable=False),
    Column("source", Text, nullable=False),  # folder | sftp | upload | sandbox
    Column("object", Text, nullable=False),  # where in the storage
    Column("invoice_id", Text),  # what came along; used where the file is silent
    Column("invoice_date", Text),
    Column("state", Text, nullable=False),  # received | read | refused | kept | again | removed
    Column("carrier", Text),
    Column("variant", Text),
    Column("reconciled", Boolean),  # null: not read, or there is nothing to check
    Column("error", Text),
    Column("summary", Text),  # JSON: what reading it gave
    Column("read_ms", Number),  # when it was read, or put on the list again
    Column("begun", Number, nullable=False, server_default=text("0")),  # readings since a page was stored
    Index("ix_received_files_list", "connection_id", "received_ms", "id"),
    Index("ix_received_files_next", "connection_id", "seq"),
    Index("ix_received_files_name", "connection_id", "name"),
    Index("ix_received_files_sha256", "connection_id", "sha256"),
    Index("ix_received_files_object", "object"),
    Index("ix_received_files_state", "state", "connection_id", "received_ms"),
    sqlite_autoincrement=True,
)

Table(
    "seen_files",  # what the last look at a source saw
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("place", Text, primary_key=True),
    Column("size", Number, nullable=False),
    Column("changed_ms", Number, nullable=False),  # by the clock of the source
    Column("since_ms", Number, nullable=False),  # when it was first seen so
    Column("is_taken", Boolean, nullable=False, server_default=text("false")),
)

Table(
    "file_items",  # which line items a file holds
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("item_id", Text, primary_key=True),
    Column("file_id", Text, primary_key=True),
    Index("ix_file_items_file", "connection_id", "file_id", "item_id"),
)

Table(
    "carrier_invoices",
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("id", Text, primary_key=True),
    Column("file_id", Text, nullable=False),
    Column("account_id", Text),
    Column("invoice_id", Text),
    Column("invoice_date", Text),
    Column("due_date", Text),
    Column("currency", Text),
    Column("total", Text),  # decimal, as the file says; null: it does not
    Column("net", Text),  # decimal: what the line items add up to; null: in several currencies
    Column("gross", Text),
    Column("reconciled", Boolean),
    Column("gap", Text),
    Column("line_items", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("updated_ms", Number, nullable=False),
    Index("ix_carrier_invoices_invoice", "connection_id", "invoice_id", "id"),
    Index("ix_carrier_invoices_file", "connection_id", "file_id"),
)

Table(
    "invoice_files",  # what each file says of an invoice; carrier_invoices is made of these
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("id", Text, primary_key=True),
    Column("file_id", Text, primary_key=True),
    Column("account_id", Text),
    Column("invoice_id", Text),
    Column("invoice_date", Text),
    Column("due_date", Text),
    Column("currency", Text),
    Column("total", Text),
    Column("net", Text),
    Column("gross", Text),
    Column("reconciled", Boolean),
    Column("gap", Text),
    Column("line_items", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("updated_ms", Number, nullable=False),
    Column("statement", Text),  # JSON; null: noted by an earlier version
    Column(
        "is_corrected", Boolean, nullable=False, server_default=text("false")
    ),  # only its line items count
    Index("ix_invoice_files_file", "connection_id", "file_id"),
)

Table(
    "order_rows",  # of orders that are charged in one file and whose parcels are in another
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("order_number", Text, primary_key=True),
    Column("tracking_number", Text, primary_key=True),  # "": a charge
    Column("file_id", Text, primary_key=True),
    Column("body", Text),  # JSON: the parcel
    Index("ix_order_rows_file", "connection_id", "file_id"),
)

Table(
    "charges",  # line items as the audit compares them, made from their documents; "" and 0: none
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("item_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("invoice_id", Text, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("parcel", Text, nullable=False),  # the tracking number as it is compared
    Column("label", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("gross", Text),  # decimal
    Column("net", Text),  # decimal
    Column("currency", Text),
    Column("charged_on", Number, nullable=False),  # seconds
    Column("service", Text),
    Column("zone", Text),
    Column("billed_weight", Text),  # decimal
    Column("actual_weight", Text),  # decimal
    Column("weight_unit", Text),
    Column("reason", Text, nullable=False, server_default=text("''")),  # why, where the row says more
    Column("shipped_on", Number, nullable=False, server_default=text("0")),  # seconds
    Column("invoiced_on", Number, nullable=False, server_default=text("0")),  # seconds
    Column("measures", Text),  # JSON: what the row says of the parcel's size
    Index("ix_charges_parcel", "connection_id", "parcel", "item_id"),
    Index("ix_charges_invoice", "connection_id", "invoice_id", "item_id"),
    Index("ix_charges_label", "connection_id", "label", "account_id", "charged_on", "item_id"),
)

Table(
    "spend",  # charges added up by the last audit; "": none is known
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("month", Text, primary_key=True),  # 2026-01
    Column("currency", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("charges", Number, nullable=False),
    Column("net", Text, nullable=False),  # decimal
)

Table(
    "trackings",  # which order a tracking number belongs to
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("resource", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("tracking_number", Text, primary_key=True),
    Column("order_number", Text),
    Column("order_id", Text),  # the order that a return is of
    Column("measures", Text),  # JSON: what the warehouse measured
    Index("ix_trackings_number", "connection_id", "tracking_number"),
    Index("ix_trackings_order", "connection_id", "order_id"),
)

Table(
    "followed",  # how far charges and trackings follow a table of records
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("resource", Text, primary_key=True),
    Column("version", Text, nullable=False),  # of the code that reads the documents
    Column("mark", Number, nullable=False),  # seconds: what changed before is followed
)

Table(
    "findings",
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("id", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("amount", Text, nullable=False),  # decimal
    Column("currency", Text),
    Column("tracking_number", Text),
    Column("account_id", Text),
    Column("invoice_id", Text),
    Column("message", Text, nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    Column("first_ms", Number, nullable=False),
    Column("audit", Text, nullable=False),  # the audit that found it last
    Column("direction", Text, nullable=False, server_default="to_look_at"),
    Column("certainty", Text, nullable=False, server_default="possible"),
    Column("charged_on", Number, nullable=False, server_default=text("0")),  # seconds
    Column("invoiced_on", Number, nullable=False, server_default=text("0")),  # seconds
    Column("service", Text),
    Column("zone", Text),
    Column("scaled", Number, nullable=False, server_default=text("0")),  # the amount × 10⁴, to sort by
    Column("group_key", Text),  # JSON: what it has in common with others
    Column("part_of", Text),  # the finding that it is shown with
    Column("gone_ms", Number),  # kept for its claim, though no audit finds it any more
    Index("ix_findings_scaled", "connection_id", "scaled", "id"),
    Index("ix_findings_rule", "connection_id", "rule", "id"),
    Index("ix_findings_tracking", "connection_id", "tracking_number", "id"),
    Index("ix_findings_invoice", "connection_id", "invoice_id", "id"),
)

Table(
    "finding_claims",  # what people did about findings; kept from audit to audit
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("finding_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("changed_ms", Number, nullable=False),
    Column("amount", Text),  # decimal: what came back, or was claimed
)

Table(
    "audit_settings",  # account_id "": what counts for all accounts
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("account_id", Text, primary_key=True),
    Column("dim_divisor", Text),  # decimal
    Column("spreads_costs", Boolean, nullable=False, server_default=text("false")),
)

Table(
    "rate_cards",  # agreed prices, as uploaded; account_id "": those of all accounts
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("account_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),  # CSV
    Column("uploaded_ms", Number, nullable=False),
)

Table(
    "finding_sums",  # findings added up by the last audit; currency "": none is known
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("rule", Text, primary_key=True),
    Column("direction", Text, primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),  # of the charge: 2026-01
    Column("currency", Text, primary_key=True),
    Column("findings", Number, nullable=False),
    Column("amount", Text, nullable=False),  # decimal
)

Table(
    "audits",  # the last of each connection
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("started_ms", Number, nullable=False),  # of the one that runs, else of the last
    Column("ended_ms", Number),
    Column("last_began_ms", Number),  # of the last that came to its end
)
