"""How often the reading of a file was begun; PDFs are kept, what is refused is told on its connection."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("received_files", sa.Column("begun", NUMBER, nullable=False, server_default=sa.text("0")))
    # What is declared of every resource that has this date; files themselves lie in received_files.
    op.add_column("carrier_files", sa.Column("created_date", NUMBER))
    op.create_index("ix_carrier_files_created_date", "carrier_files", ["connection_id", "created_date", "id"])
    bring_over()


def bring_over() -> None:
    """Files that were refused: PDFs are kept, the others are told."""
    op.execute(
        "UPDATE received_files SET state = 'kept', error = NULL "
        "WHERE state = 'refused' AND error LIKE 'the file is a PDF document%'"
    )
    nothing = "x''" if op.get_bind().dialect.name == "sqlite" else "''::bytea"
    op.execute(
        "INSERT INTO quarantine (connection_id, function, key, reason, raw, size, job_id, first_ms, last_ms) "
        "SELECT f.connection_id, 'get_invoice_line_items', f.id, "
        f"substr(f.name || ': ' || coalesce(f.error, ''), 1, 500), {nothing}, f.size, f.id, "
        "coalesce(f.read_ms, f.received_ms), coalesce(f.read_ms, f.received_ms) FROM received_files f "
        "WHERE f.state = 'refused' AND NOT EXISTS (SELECT 1 FROM received_files l "
        "WHERE l.connection_id = f.connection_id AND l.name = f.name AND l.seq > f.seq AND l.state = 'read') "
        "ON CONFLICT DO NOTHING"
    )
