"""Sums over attempts from their index alone."""

from alembic import op

revision = "0027"
down_revision = "0026"

NAME = "ix_webhook_attempts_endpoint"


def upgrade() -> None:
    op.drop_index(NAME, "webhook_attempts")
    op.create_index(NAME, "webhook_attempts", ["endpoint", "id", "at_ms", "status", "code", "duration_ms"])
