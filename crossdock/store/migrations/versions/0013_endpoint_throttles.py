"""Throttles of webhook endpoints in a table of their own: `vendor_slots` holds milliseconds only."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "endpoint_throttles",
        sa.Column("endpoint", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("free_us", NUMBER, nullable=False),
    )
    # `endpoint/12` held microseconds, where vendors' accounts hold milliseconds.
    op.execute(
        "INSERT INTO endpoint_throttles (endpoint, free_us) "
        "SELECT CAST(substr(account, 10) AS BIGINT), free_ms FROM vendor_slots "
        "WHERE account LIKE 'endpoint/%'"
    )
    op.execute("DELETE FROM vendor_slots WHERE account LIKE 'endpoint/%'")
