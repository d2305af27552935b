"""Data keys that were superseded; persons and shops that were erased."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
BYTES = sa.LargeBinary()


def upgrade() -> None:
    op.create_table(
        "old_data_keys",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False, index=True),
        sa.Column("master_id", TEXT, nullable=False),
        sa.Column("wrapped", BYTES, nullable=False),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("superseded_ms", NUMBER, nullable=False),
        sa.Column("emptied_ms", NUMBER),
    )
    op.create_table(
        "erasures",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("mode", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("kinds", TEXT, nullable=False),
        sa.Column("digests", TEXT, nullable=False),
        sa.Column("request", BYTES),
        sa.Column("progress", TEXT, nullable=False),
        sa.Column("counts", TEXT, nullable=False, server_default="{}"),
        sa.Column("examples", TEXT, nullable=False, server_default="[]"),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("updated_ms", NUMBER, nullable=False),
        sa.Column("ended_ms", NUMBER),
    )
    op.create_index("ix_erasures_organization", "erasures", ["organization_id", "id"])
    op.create_table(
        "erasure_keys",
        sa.Column("organization_id", TEXT, primary_key=True),
        sa.Column("secret", BYTES, nullable=False),
        sa.Column("revision", NUMBER, nullable=False, server_default="0"),
    )
    op.create_table(
        "erased_identities",
        sa.Column("organization_id", TEXT, primary_key=True),
        sa.Column("kind", TEXT, primary_key=True),
        sa.Column("digest", BYTES, primary_key=True),
        sa.Column("words", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("at_ms", NUMBER, nullable=False),
        sa.Column("erasure_id", TEXT, nullable=False),
    )
