"""Messages that are for one endpoint: examples of an event, which other endpoints never get."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("webhook_messages", sa.Column("only_endpoint", NUMBER))
