"""Files of carriers and the invoices in them; what the audit of charges compares, and what it finds."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "received_files",
        sa.Column("seq", NUMBER, primary_key=True),
        sa.Column("id", TEXT, nullable=False, unique=True),
        sa.Column("connection_id", NUMBER, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("file_type", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("received_ms", NUMBER, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("object", TEXT, nullable=False),
        sa.Column("invoice_id", TEXT),
        sa.Column("invoice_date", TEXT),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("carrier", TEXT),
        sa.Column("variant", TEXT),
        sa.Column("reconciled", sa.Boolean),
        sa.Column("error", TEXT),
        sa.Column("summary", TEXT),
        sa.Column("read_ms", NUMBER),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_received_files_list", "received_files", ["connection_id", "received_ms", "id"])
    op.create_index("ix_received_files_next", "received_files", ["connection_id", "seq"])
    op.create_index("ix_received_files_name", "received_files", ["connection_id", "name"])
    op.create_index("ix_received_files_sha256", "received_files", ["connection_id", "sha256"])
    op.create_index("ix_received_files_object", "received_files", ["object"])
    op.create_index("ix_received_files_state", "received_files", ["state", "connection_id", "received_ms"])
    op.create_table(
        "seen_files",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("place", TEXT, primary_key=True),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("changed_ms", NUMBER, nullable=False),
        sa.Column("since_ms", NUMBER, nullable=False),
        sa.Column("is_taken", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
    op.create_table(
        "file_items",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("item_id", TEXT, primary_key=True),
        sa.Column("file_id", TEXT, primary_key=True),
    )
    op.create_index("ix_file_items_file", "file_items", ["connection_id", "file_id", "item_id"])
    op.create_table(
        "carrier_invoices",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("file_id", TEXT, nullable=False),
        sa.Column("account_id", TEXT),
        sa.Column("invoice_id", TEXT),
        sa.Column("invoice_date", TEXT),
        sa.Column("due_date", TEXT),
        sa.Column("currency", TEXT),
        sa.Column("total", TEXT),
        sa.Column("net", TEXT),
        sa.Column("gross", TEXT),
        sa.Column("reconciled", sa.Boolean),
        sa.Column("gap", TEXT),
        sa.Column("line_items", sa.Integer, nullable=False),
        sa.Column("errors", sa.Integer, nullable=False),
        sa.Column("updated_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_carrier_invoices_invoice", "carrier_invoices", ["connection_id", "invoice_id", "id"])
    op.create_index("ix_carrier_invoices_file", "carrier_invoices", ["connection_id", "file_id"])
    op.create_table(
        "charges",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("item_id", TEXT, primary_key=True),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("invoice_id", TEXT, nullable=False),
        sa.Column("tracking_number", TEXT, nullable=False),
        sa.Column("parcel", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("category", TEXT, nullable=False),
        sa.Column("gross", TEXT),
        sa.Column("net", TEXT),
        sa.Column("currency", TEXT),
        sa.Column("charged_on", NUMBER, nullable=False),
        sa.Column("service", TEXT),
        sa.Column("zone", TEXT),
        sa.Column("billed_weight", TEXT),
        sa.Column("actual_weight", TEXT),
        sa.Column("weight_unit", TEXT),
    )
    op.create_index("ix_charges_parcel", "charges", ["connection_id", "parcel", "item_id"])
    op.create_index("ix_charges_invoice", "charges", ["connection_id", "invoice_id", "item_id"])
    op.create_index(
        "ix_charges_label", "charges", ["connection_id", "label", "account_id", "charged_on", "item_id"]
    )
    op.create_table(
        "trackings",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("resource", TEXT, primary_key=True),
        sa.Column("record_id", TEXT, primary_key=True),
        sa.Column("tracking_number", TEXT, primary_key=True),
        sa.Column("order_number", TEXT),
    )
    op.create_index("ix_trackings_number", "trackings", ["connection_id", "tracking_number"])
    op.create_table(
        "followed",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("resource", TEXT, primary_key=True),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("mark", NUMBER, nullable=False),
    )
    op.create_table(
        "findings",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("amount", TEXT, nullable=False),
        sa.Column("currency", TEXT),
        sa.Column("tracking_number", TEXT),
        sa.Column("account_id", TEXT),
        sa.Column("invoice_id", TEXT),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("first_ms", NUMBER, nullable=False),
        sa.Column("audit", TEXT, nullable=False),
    )
    op.create_index("ix_findings_rule", "findings", ["connection_id", "rule", "id"])
    op.create_table(
        "audits",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("started_ms", NUMBER, nullable=False),
        sa.Column("ended_ms", NUMBER),
    )
