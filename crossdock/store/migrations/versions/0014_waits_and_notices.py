"""How long a run has waited; webhooks that vendors send to us; raw records and custom fields."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
BYTES = sa.LargeBinary()

OPEN = sa.text("kind IN ('read_again', 'subscribe') AND state IN ('queued', 'running')")


def upgrade() -> None:
    op.add_column("runs", sa.Column("waited_seconds", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "inbound_subscriptions",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("path_digest", BYTES, nullable=False, unique=True),
        sa.Column("path", BYTES, nullable=False),
        sa.Column("secret", BYTES, nullable=False),
        sa.Column("subscription", TEXT),
        sa.Column("check_ms", NUMBER, nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("function", TEXT, primary_key=True),
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("revision", NUMBER, nullable=False, server_default="1"),
        sa.Column("at_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_notices_at", "notices", ["connection_id", "function", "at_ms"])
    op.create_index(
        "ux_jobs_notices",
        "jobs",
        ["connection_id", "kind", "function"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.add_column(
        "connections", sa.Column("keep_raw", sa.Boolean, nullable=False, server_default=sa.text("false"))
    )
    op.add_column("connections", sa.Column("custom_fields", TEXT, nullable=False, server_default=""))
    op.create_table(
        "raw_records",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("resource", TEXT, primary_key=True),
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("raw", BYTES, nullable=False),
    )
