"""What each file says of an invoice, and which parcels belong to an order that another file charges."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_SAME = (
    "connection_id, id, file_id, account_id, invoice_id, invoice_date, due_date, currency, total, net, "
    "gross, reconciled, gap, line_items, errors, updated_ms"
)


def upgrade() -> None:
    op.create_table(
        "invoice_files",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("file_id", TEXT, primary_key=True),
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
        sa.Column("statement", TEXT),
        sa.Column("is_corrected", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
    op.create_index("ix_invoice_files_file", "invoice_files", ["connection_id", "file_id"])
    op.execute(f"INSERT INTO invoice_files ({_SAME}) SELECT {_SAME} FROM carrier_invoices")
    op.create_table(
        "order_rows",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("order_number", TEXT, primary_key=True),
        sa.Column("tracking_number", TEXT, primary_key=True),
        sa.Column("file_id", TEXT, primary_key=True),
        sa.Column("body", TEXT),
    )
    op.create_index("ix_order_rows_file", "order_rows", ["connection_id", "file_id"])
