"""What writes need: those that are under way, done, or in doubt."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "writes",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("idempotency_key", TEXT),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("begun_ms", NUMBER, nullable=False),
        sa.Column("until_ms", NUMBER, nullable=False),
        sa.Column("record_id", TEXT),
        sa.Column("answer", sa.LargeBinary),
    )
    op.create_index("ux_writes_key", "writes", ["connection_id", "idempotency_key"], unique=True)
    op.create_index("ix_writes_fingerprint", "writes", ["connection_id", "fingerprint"])
    op.create_index("ix_writes_begun", "writes", ["begun_ms"])
