"""What a run told last, who asks for the ends of syncs, and endpoints of some connections and customers."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("runs", sa.Column("last_event", TEXT))
    op.add_column(
        "organizations",
        sa.Column("sync_events", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
    op.add_column("events", sa.Column("customer", TEXT))
    op.add_column("webhook_endpoints", sa.Column("connections", TEXT))
    op.add_column("webhook_endpoints", sa.Column("customers", TEXT))
    for table in ("link_tokens", "magic_links"):
        op.add_column(table, sa.Column("webhook_endpoints", TEXT, nullable=False, server_default="[]"))
