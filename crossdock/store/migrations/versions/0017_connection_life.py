"""The look-back of a connection; access tokens that were replaced, and work until their time is over."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("connections", sa.Column("lookback_days", sa.Integer))
    op.add_column("connections", sa.Column("token_ms", NUMBER))
    op.add_column("connections", sa.Column("token_used_ms", NUMBER))
    op.create_table(
        "retired_tokens",
        sa.Column("digest", sa.LargeBinary(), primary_key=True),
        sa.Column("connection_id", NUMBER, nullable=False),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("retired_ms", NUMBER, nullable=False),
        sa.Column("expires_ms", NUMBER, nullable=False),
        sa.Column("used_ms", NUMBER),
    )
    op.create_index("ix_retired_tokens_connection", "retired_tokens", ["connection_id", "retired_ms"])
    op.create_index("ix_retired_tokens_expires", "retired_tokens", ["expires_ms"])
