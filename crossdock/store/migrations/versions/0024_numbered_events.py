"""Ledgers as numbered events, for programs that know items by numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "numbered_ledgers",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("phase", TEXT, nullable=False),
        sa.Column("position", TEXT, nullable=False),
    )
    op.create_table(
        "numbered_items",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("item_id", TEXT, primary_key=True),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("product_number", NUMBER, nullable=False),
        sa.Column("total", NUMBER, nullable=False),
        sa.Column("last_date", NUMBER, nullable=False),
        sa.Column("last_entry", TEXT, nullable=False),
    )
    op.create_index("ix_numbered_items_number", "numbered_items", ["connection_id", "number"], unique=True)
    op.create_table(
        "numbered_events",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("entry_id", TEXT, primary_key=True),
        sa.Column("date", NUMBER, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("level", NUMBER, nullable=False),
    )
    op.create_index("ix_numbered_events_date", "numbered_events", ["connection_id", "date", "entry_id"])
    op.create_index(
        "ix_numbered_events_number", "numbered_events", ["connection_id", "number", "date", "entry_id"]
    )
