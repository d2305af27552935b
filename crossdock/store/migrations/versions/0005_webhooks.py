"""Endpoints, deliveries, attempts and what the admin API keeps."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    pass
