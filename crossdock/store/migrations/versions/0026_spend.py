"""What carriers charged and what was found in it, added up; findings by shipment and invoice."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "spend",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("month", TEXT, primary_key=True),
        sa.Column("currency", TEXT, primary_key=True),
        sa.Column("account_id", TEXT, primary_key=True),
        sa.Column("category", TEXT, primary_key=True),
        sa.Column("service", TEXT, primary_key=True),
        sa.Column("charges", NUMBER, nullable=False),
        sa.Column("net", TEXT, nullable=False),
    )
    op.create_table(
        "finding_sums",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("rule", TEXT, primary_key=True),
        sa.Column("currency", TEXT, primary_key=True),
        sa.Column("findings", NUMBER, nullable=False),
        sa.Column("amount", TEXT, nullable=False),
    )
    op.create_index("ix_findings_tracking", "findings", ["connection_id", "tracking_number", "id"])
    op.create_index("ix_findings_invoice", "findings", ["connection_id", "invoice_id", "id"])
