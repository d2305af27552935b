"""Syncs of a window, history that knows deletes, the derived ledger, and what the queue needs at scale."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "on_demand",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("connection_id", NUMBER, nullable=False),
        sa.Column("function", TEXT, nullable=False),
        sa.Column("start_ms", NUMBER, nullable=False),
        sa.Column("end_ms", NUMBER, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("job_id", TEXT, nullable=False, unique=True),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("ended_ms", NUMBER),
    )
    op.create_index("ix_on_demand_connection", "on_demand", ["connection_id", "status"])
    op.add_column("history", sa.Column("kind", TEXT, nullable=False, server_default="updated"))
    op.add_column("history", sa.Column("updated_before", NUMBER))
    op.execute(
        "UPDATE history SET updated_before = (SELECT max(o.at_ms) / 1000 FROM history AS o "
        "WHERE o.connection_id = history.connection_id AND o.resource = history.resource "
        "AND o.record_id = history.record_id AND o.id < history.id)"
    )
    op.create_index("ix_history_at", "history", ["at_ms"])
    op.create_table(
        "horizons",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("at_ms", NUMBER, nullable=False),
    )
    op.create_table(
        "ledger_balances",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("item_id", TEXT, primary_key=True),
        sa.Column("stock", TEXT, nullable=False),
        sa.Column("changes", sa.Integer, nullable=False),
    )
    op.create_index("ix_events_at", "events", ["at_ms"])
    op.add_column(
        "organizations",
        sa.Column("derived_ledger", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
    op.add_column("schedules", sa.Column("fresh_ms", NUMBER))
    op.add_column("jobs", sa.Column("since_ms", NUMBER, nullable=False, server_default="0"))
    # Windows of one function may wait in line; only its scheduled sync is one at a time.
    op.drop_index("ux_jobs_open", "jobs")
    is_open_sync = sa.text("kind = 'sync' AND state IN ('queued', 'running')")
    op.create_index(
        "ux_jobs_open",
        "jobs",
        ["connection_id", "function"],
        unique=True,
        sqlite_where=is_open_sync,
        postgresql_where=is_open_sync,
    )
    op.drop_index("ix_jobs_claim", "jobs")
    op.create_index("ix_jobs_claim", "jobs", ["state", "due_ms", "id"])
    op.create_index("ix_jobs_running", "jobs", ["connection_id", "state"])
    op.create_index("ix_jobs_ended", "jobs", ["ended_ms"])
