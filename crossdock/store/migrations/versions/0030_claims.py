"""What rows say of parcels, findings as claims, rate cards, settings of the audit.

All charges are made anew from their line items, and all findings found anew, by the next audit, which is due
at once.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NO_TEXT, ZERO = sa.text("''"), sa.text("0")


def upgrade() -> None:
    _add("charges", sa.Column("reason", TEXT, nullable=False, server_default=NO_TEXT))
    _add("charges", sa.Column("shipped_on", NUMBER, nullable=False, server_default=ZERO))
    _add("charges", sa.Column("invoiced_on", NUMBER, nullable=False, server_default=ZERO))
    _add("charges", sa.Column("measures", TEXT))
    _add("trackings", sa.Column("order_id", TEXT))
    _add("trackings", sa.Column("measures", TEXT))
    op.create_index("ix_trackings_order", "trackings", ["connection_id", "order_id"])
    _findings()
    _claims()
    _totals()
    _settings()
    _add("audits", sa.Column("last_began_ms", NUMBER))
    op.execute("UPDATE audits SET last_began_ms = started_ms WHERE ended_ms >= started_ms")
    op.execute("UPDATE audits SET started_ms = 0")


def _add(table: str, column: "sa.Column[Any]") -> None:
    op.add_column(table, column)


def _findings() -> None:
    _add("findings", sa.Column("direction", TEXT, nullable=False, server_default="to_look_at"))
    _add("findings", sa.Column("certainty", TEXT, nullable=False, server_default="possible"))
    _add("findings", sa.Column("charged_on", NUMBER, nullable=False, server_default=ZERO))
    _add("findings", sa.Column("invoiced_on", NUMBER, nullable=False, server_default=ZERO))
    _add("findings", sa.Column("service", TEXT))
    _add("findings", sa.Column("zone", TEXT))
    _add("findings", sa.Column("scaled", NUMBER, nullable=False, server_default=ZERO))
    _add("findings", sa.Column("group_key", TEXT))
    _add("findings", sa.Column("part_of", TEXT))
    _add("findings", sa.Column("gone_ms", NUMBER))
    op.create_index("ix_findings_scaled", "findings", ["connection_id", "scaled", "id"])


def _claims() -> None:
    _add("finding_claims", sa.Column("amount", TEXT))


def _totals() -> None:
    op.drop_table("finding_sums")
    op.create_table(
        "finding_sums",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("rule", TEXT, primary_key=True),
        sa.Column("direction", TEXT, primary_key=True),
        sa.Column("account_id", TEXT, primary_key=True),
        sa.Column("month", TEXT, primary_key=True),
        sa.Column("currency", TEXT, primary_key=True),
        sa.Column("findings", NUMBER, nullable=False),
        sa.Column("amount", TEXT, nullable=False),
    )


def _settings() -> None:
    op.create_table(
        "audit_settings",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("account_id", TEXT, primary_key=True),
        sa.Column("dim_divisor", TEXT),
        sa.Column("spreads_costs", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.create_table(
        "rate_cards",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("account_id", TEXT, primary_key=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("uploaded_ms", NUMBER, nullable=False),
    )
