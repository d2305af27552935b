"""Messages that are for one endpoint, examples of an event; and why handing over got no farther."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("webhook_messages", sa.Column("only_endpoint", NUMBER))
    op.add_column("webhook_handovers", sa.Column("problem", TEXT, nullable=False, server_default=""))
