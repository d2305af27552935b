"""Alerts: channels, problems, and what was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
BYTES = sa.LargeBinary()


def upgrade() -> None:
    op.create_table(
        "alert_channels",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("rules", TEXT, nullable=False),
        sa.Column("sealed", BYTES, nullable=False),
        sa.Column("endpoint", NUMBER),
        sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("sent_ms", NUMBER),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("updated_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_alert_channels_organization", "alert_channels", ["organization_id", "id"])
    op.create_table(
        "alert_positions",
        sa.Column("organization_id", TEXT, primary_key=True),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("due_ms", NUMBER, nullable=False),
    )
    op.create_table(
        "alert_signals",
        sa.Column("seq", NUMBER, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=False),
        sa.Column("endpoint_id", TEXT, nullable=False),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("at_ms", NUMBER, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "alert_problems",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("connection_id", NUMBER, nullable=False, server_default="0"),
        sa.Column("application_id", TEXT, nullable=False, server_default=""),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("first_ms", NUMBER, nullable=False),
        sa.Column("last_ms", NUMBER, nullable=False),
        sa.Column("resolved_ms", NUMBER),
    )
    op.create_index("ux_alert_problems_key", "alert_problems", ["organization_id", "key"], unique=True)
    op.create_index("ix_alert_problems_connection", "alert_problems", ["organization_id", "connection_id"])
    op.create_index("ix_alert_problems_resolved", "alert_problems", ["resolved_ms"])
    op.create_table(
        "alert_notices",
        sa.Column("channel_id", TEXT, primary_key=True),
        sa.Column("problem_id", TEXT, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("state", TEXT, nullable=False),
    )
    op.create_index("ix_alert_notices_problem", "alert_notices", ["problem_id"])
    op.create_table(
        "alerts",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("channel_id", TEXT, nullable=False),
        sa.Column("channel_name", TEXT, nullable=False),
        sa.Column("channel_kind", TEXT, nullable=False),
        sa.Column("at_ms", NUMBER, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("endpoint", NUMBER),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_ms", NUMBER),
        sa.Column("holder", TEXT, nullable=False, server_default=""),
        sa.Column("error", TEXT, nullable=False, server_default=""),
    )
    op.create_index("ix_alerts_organization", "alerts", ["organization_id", "id"])
    op.create_index("ix_alerts_due", "alerts", ["due_ms"])
    op.create_index("ix_alerts_at", "alerts", ["at_ms"])
    op.create_table(
        "alert_leases",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("until_ms", NUMBER, nullable=False),
    )
