"""Flows are told apart by whose they are, too: an id that somebody else has used hinders nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
BYTES = sa.LargeBinary()

KEY = ["organization_id", "subject", "id"]
NAMES = (
    "organization_id, subject, id, status, connection_id, result, error, permissions, attempt, "
    "attempt_until_ms, expires_ms"
)


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("link_flows_pkey", "link_flows", type_="primary")
        op.create_primary_key("link_flows_pkey", "link_flows", KEY)
        return
    # SQLite can't change a primary key.
    op.create_table(
        "flows_apart",
        sa.Column("organization_id", TEXT, primary_key=True),
        sa.Column("subject", TEXT, primary_key=True),
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("connection_id", NUMBER),
        sa.Column("result", BYTES),
        sa.Column("error", TEXT),
        sa.Column("permissions", TEXT),
        sa.Column("attempt", TEXT, nullable=False),
        sa.Column("attempt_until_ms", NUMBER, nullable=False),
        sa.Column("expires_ms", NUMBER, nullable=False),
    )
    op.execute(f"INSERT INTO flows_apart ({NAMES}) SELECT {NAMES} FROM link_flows")
    op.drop_table("link_flows")
    op.rename_table("flows_apart", "link_flows")
    op.create_index("ix_link_flows_expires", "link_flows", ["expires_ms"])
