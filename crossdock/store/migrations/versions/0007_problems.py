"""Several problems of one function, the gate of sign-ins, parts set aside, exact decimals, reading again."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
COLUMNS = "connection_id, function, kind, message, url, first_ms, last_ms"


def upgrade() -> None:
    _problems_by_aspect()
    op.create_table(
        "sign_ins",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("refused_kind", TEXT),
        sa.Column("refusals", sa.Integer, nullable=False, server_default="0"),
        sa.Column("attempts_ms", TEXT, nullable=False, server_default=""),
        sa.Column("next_ms", NUMBER, nullable=False, server_default="0"),
        sa.Column("accepted_ms", NUMBER, nullable=False, server_default="0"),
        sa.Column("holder", TEXT),
        sa.Column("lease_ms", NUMBER, nullable=False, server_default="0"),
    )
    op.add_column("quarantine", sa.Column("kind", TEXT, nullable=False, server_default="whole"))
    op.add_column("connections", sa.Column("quantities", TEXT, nullable=False, server_default="rounded"))
    op.add_column("schedules", sa.Column("reread", TEXT))


def _problems_by_aspect() -> None:
    """SQLite can't change a primary key: the table is made anew, with what it holds."""
    op.create_table(
        "connection_problems",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("function", TEXT, primary_key=True),
        sa.Column("aspect", TEXT, primary_key=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("first_ms", NUMBER, nullable=False),
        sa.Column("last_ms", NUMBER, nullable=False),
        sa.Column("count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("examples", TEXT, nullable=False, server_default="[]"),
    )
    op.execute(
        f"INSERT INTO connection_problems ({COLUMNS}, aspect) SELECT {COLUMNS}, 'sync' FROM connection_errors"
    )
    op.drop_table("connection_errors")
    op.rename_table("connection_problems", "connection_errors")
