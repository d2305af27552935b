"""The state of claims on what the audit finds."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "finding_claims",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("finding_id", TEXT, primary_key=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("changed_ms", NUMBER, nullable=False),
    )
