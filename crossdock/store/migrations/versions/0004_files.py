"""Files of carriers and the invoices in them."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    pass
