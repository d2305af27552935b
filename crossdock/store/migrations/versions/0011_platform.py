"""Functions that are off, by type; what on-demand syncs hold; the log of calls; integration requests."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")

TYPES = ("wms", "cart", "carrier", "freight")


def upgrade() -> None:
    _switch_off_by_type()
    op.add_column("connections", sa.Column("enabled_functions", TEXT, nullable=False, server_default=""))
    op.add_column(
        "organizations", sa.Column("on_demand_holds", TEXT, nullable=False, server_default="connection")
    )
    op.create_table(
        "api_calls",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("at_ms", NUMBER, nullable=False),
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("duration_us", NUMBER, nullable=False),
        sa.Column("key_id", TEXT),
        sa.Column("connection_uid", TEXT),
    )
    op.create_index("ix_api_calls_organization", "api_calls", ["organization_id", "id"])
    op.create_index("ix_api_calls_at", "api_calls", ["at_ms"])
    op.create_table(
        "integration_requests",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("folded_name", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("url", TEXT),
        sa.Column("note", TEXT),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("updated_ms", NUMBER, nullable=False),
    )
    op.create_index(
        "ux_integration_requests",
        "integration_requests",
        ["organization_id", "type", "folded_name"],
        unique=True,
    )


def _switch_off_by_type() -> None:
    """One list of functions becomes the same list for each type."""
    bound = op.get_bind()
    lists = bound.execute(
        sa.text("SELECT id, disabled_functions FROM organizations WHERE disabled_functions IS NOT NULL")
    ).all()
    for organization_id, functions in lists:
        names = [name for name in functions.split(",") if name]
        by_type = ",".join(f"{kind}:{name}" for kind in TYPES for name in ("", *names))
        bound.execute(
            sa.text("UPDATE organizations SET disabled_functions = :by_type WHERE id = :id"),
            {"by_type": by_type, "id": organization_id},
        )
