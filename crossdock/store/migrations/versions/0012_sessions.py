"""What integrations keep of a connection; consents under way; limits by cost, and places over all workers."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary),
        sa.Column("version", NUMBER, nullable=False, server_default="0"),
        sa.Column("holder", TEXT),
        sa.Column("lease_ms", NUMBER, nullable=False, server_default="0"),
    )
    op.create_table(
        "oauth_flows",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("expires_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_oauth_flows_expires", "oauth_flows", ["expires_ms"])
    op.add_column("vendor_slots", sa.Column("held_ms", NUMBER, nullable=False, server_default="0"))
    op.add_column("vendor_slots", sa.Column("per_second", sa.Float))
    op.add_column("vendor_slots", sa.Column("capacity", sa.Float))
    op.create_table(
        "vendor_calls",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("until_ms", NUMBER, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_vendor_calls_account", "vendor_calls", ["account", "id"])
