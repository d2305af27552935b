"""Headers and bodies of logged calls, without secrets and without people."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("api_calls", sa.Column("detail", TEXT))
