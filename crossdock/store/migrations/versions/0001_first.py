"""The first schema.

Written out, not derived from today's declarations: a migration must do the same for ever.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

PARTITIONS = 8

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
BYTES = sa.LargeBinary()

# Filter columns of the records: s text, t time in seconds, f flag.
RECORDS = {
    "carrier_files": "",
    "carrier_invoice_line_items": (
        "created_date:t updated_date:t transaction_date:t trackstar_created_date:t trackstar_updated_date:t"
    ),
    "cart_orders": (
        "created_date:t updated_date:t order_number:s status:s warehouse_customer_id:s "
        "trackstar_created_date:t trackstar_updated_date:t"
    ),
    "cart_products": "created_date:t updated_date:t trackstar_created_date:t trackstar_updated_date:t",
    "cart_warehouses": "created_date:t updated_date:t trackstar_created_date:t trackstar_updated_date:t",
    "freight_shipments": "created_date:t updated_date:t trackstar_created_date:t trackstar_updated_date:t",
    "wms_bills": (
        "created_date:t updated_date:t warehouse_customer_id:s trackstar_created_date:t "
        "trackstar_updated_date:t"
    ),
    "wms_inbound_shipment_suppliers": (
        "created_date:t updated_date:t warehouse_customer_id:s trackstar_created_date:t "
        "trackstar_updated_date:t"
    ),
    "wms_inbound_shipments": (
        "created_date:t updated_date:t warehouse_customer_id:s purchase_order_number:s status:s "
        "expected_arrival_date:t warehouse_id:s trackstar_created_date:t trackstar_updated_date:t"
    ),
    "wms_inventory": (
        "created_date:t updated_date:t warehouse_customer_id:s sku:s active:f "
        "trackstar_created_date:t trackstar_updated_date:t"
    ),
    "wms_inventory_ledger": (
        "created_date:t updated_date:t event_type:s warehouse_customer_id:s trackstar_created_date:t "
        "trackstar_updated_date:t"
    ),
    "wms_labor_activities": (
        "created_date:t updated_date:t user_id:s warehouse_id:s activity_type:s activity_start_time:t "
        "activity_end_time:t associated_object_type:s associated_object_id:s warehouse_customer_id:s "
        "trackstar_created_date:t trackstar_updated_date:t"
    ),
    "wms_order_channels": (
        "created_date:t updated_date:t warehouse_customer_id:s trackstar_created_date:t "
        "trackstar_updated_date:t"
    ),
    "wms_order_packs": "",
    "wms_orders": (
        "created_date:t updated_date:t warehouse_customer_id:s reference_id:s reference_id_folded:s "
        "order_number:s order_number_folded:s status:s channel:s type:s required_ship_date:t "
        "trackstar_created_date:t trackstar_updated_date:t"
    ),
    "wms_products": (
        "created_date:t updated_date:t warehouse_customer_id:s sku:s trackstar_created_date:t "
        "trackstar_updated_date:t"
    ),
    "wms_returns": (
        "created_date:t updated_date:t warehouse_customer_id:s status:s trackstar_created_date:t "
        "trackstar_updated_date:t"
    ),
    "wms_shipping_methods": (
        "created_date:t updated_date:t trackstar_created_date:t trackstar_updated_date:t"
    ),
    "wms_warehouse_customers": (
        "created_date:t updated_date:t trackstar_created_date:t trackstar_updated_date:t"
    ),
    "wms_warehouse_locations": (
        "created_date:t updated_date:t type:s warehouse_id:s trackstar_created_date:t "
        "trackstar_updated_date:t"
    ),
    "wms_warehouses": "created_date:t updated_date:t trackstar_created_date:t trackstar_updated_date:t",
}

KINDS: dict[str, sa.types.TypeEngine[Any]] = {"s": TEXT, "t": NUMBER, "f": sa.SmallInteger()}


def upgrade() -> None:
    for name, columns in RECORDS.items():
        _records(name, [column.split(":") for column in columns.split()])
    _tenants()
    _work()
    _changes()


def _records(name: str, columns: list[list[str]]) -> None:
    op.create_table(
        name,
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", TEXT, primary_key=True),
        *(sa.Column(column, KINDS[kind]) for column, kind in columns),
        sa.Column("raw_hash", BYTES),
        sa.Column("said_hash", BYTES),
        sa.Column("document", BYTES, nullable=False),
        postgresql_partition_by="HASH (connection_id)",
    )
    if op.get_bind().dialect.name == "postgresql":
        # Documents of some kilobytes stay in the row, uncompressed: a page of a list is read as it is sent.
        op.execute(f"ALTER TABLE {name} ALTER COLUMN document SET STORAGE EXTERNAL")
        for part in range(PARTITIONS):
            op.execute(
                f"CREATE TABLE {name}_{part} PARTITION OF {name} "
                f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part}) WITH (toast_tuple_target = 8160)"
            )
    for column, _ in columns:
        op.create_index(f"ix_{name}_{column}", name, ["connection_id", column, "id"])


def _tenants() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("lookback_days", sa.Integer),
        sa.Column("disabled_functions", TEXT),
        sa.Column("created_ms", NUMBER, nullable=False),
    )
    op.create_table(
        "data_keys",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False, unique=True),
        sa.Column("master_id", TEXT, nullable=False),
        sa.Column("wrapped", BYTES, nullable=False),
        sa.Column("created_ms", NUMBER, nullable=False),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("digest", BYTES, nullable=False, unique=True),
        sa.Column("hint", TEXT, nullable=False),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("revoked_ms", NUMBER),
    )
    op.create_index("ix_api_keys_organization_id", "api_keys", ["organization_id"])
    op.create_table(
        "connections",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("uid", TEXT, nullable=False, unique=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("integration", TEXT, nullable=False),
        sa.Column("customer_id", TEXT),
        sa.Column("credentials", BYTES),
        sa.Column("token", BYTES),
        sa.Column("token_digest", BYTES, unique=True),
        sa.Column("me", TEXT),
        sa.Column("disabled_functions", TEXT, nullable=False, server_default=""),
        sa.Column("webhooks_disabled", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("times_used", NUMBER, nullable=False, server_default="0"),
        sa.Column("last_used_ms", NUMBER),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("deleted_ms", NUMBER),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_connections_organization", "connections", ["organization_id", "id"])
    op.create_table(
        "connection_errors",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("function", TEXT, primary_key=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("first_ms", NUMBER, nullable=False),
        sa.Column("last_ms", NUMBER, nullable=False),
    )


def _work() -> None:
    op.create_table(
        "schedules",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("function", TEXT, primary_key=True),
        sa.Column("every_seconds", sa.Integer, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("due_ms", NUMBER, nullable=False),
        sa.Column("mark", TEXT),
        sa.Column("first_done_ms", NUMBER),
        sa.Column("last_start_ms", NUMBER),
        sa.Column("last_end_ms", NUMBER),
        sa.Column("last_outcome", TEXT),
        sa.Column("latest_data", NUMBER),
    )
    op.create_index("ix_schedules_due", "schedules", ["due_ms"])
    op.create_table(
        "jobs",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("connection_id", NUMBER, nullable=False),
        sa.Column("function", TEXT, nullable=False, server_default=""),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("due_ms", NUMBER, nullable=False),
        sa.Column("lease_ms", NUMBER),
        sa.Column("worker", TEXT),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("ended_ms", NUMBER),
        sa.Column("error", TEXT),
    )
    is_open = sa.text("state IN ('queued', 'running')")
    op.create_index(
        "ux_jobs_open",
        "jobs",
        ["connection_id", "kind", "function"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("ix_jobs_claim", "jobs", ["state", "due_ms"])
    op.create_index("ix_jobs_connection", "jobs", ["connection_id", "created_ms"])
    counts = ("pages", "received", "created", "updated", "unchanged", "gone", "quarantined")
    op.create_table(
        "runs",
        sa.Column("job_id", TEXT, primary_key=True),
        sa.Column("connection_id", NUMBER, nullable=False),
        sa.Column("function", TEXT, nullable=False),
        sa.Column("first", sa.Boolean, nullable=False),
        sa.Column("walk", TEXT, nullable=False),
        sa.Column("cursor", TEXT),
        sa.Column("mark", TEXT),
        *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in counts),
        sa.Column("oldest_data", NUMBER),
        sa.Column("newest_data", NUMBER),
        sa.Column("started_ms", NUMBER, nullable=False),
        sa.Column("progress_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_runs_connection_id", "runs", ["connection_id"])
    op.create_table(
        "seen",
        sa.Column("job_id", TEXT, primary_key=True),
        sa.Column("id", TEXT, primary_key=True),
    )
    op.create_table(
        "quarantine",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("function", TEXT, primary_key=True),
        sa.Column("key", TEXT, primary_key=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("raw", BYTES, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("first_ms", NUMBER, nullable=False),
        sa.Column("last_ms", NUMBER, nullable=False),
    )
    op.create_table(
        "vendor_slots",
        sa.Column("account", TEXT, primary_key=True),
        sa.Column("free_ms", NUMBER, nullable=False),
    )


def _changes() -> None:
    op.create_table(
        "record_tags",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("resource", TEXT, primary_key=True),
        sa.Column("tag", TEXT, primary_key=True),
        sa.Column("id", TEXT, primary_key=True),
    )
    op.create_index("ix_record_tags_id", "record_tags", ["connection_id", "resource", "id"])
    op.create_table(
        "gone",
        sa.Column("connection_id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("resource", TEXT, primary_key=True),
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("document", BYTES, nullable=False),
        sa.Column("gone_ms", NUMBER, nullable=False),
    )
    op.create_table(
        "history",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("connection_id", NUMBER, nullable=False),
        sa.Column("resource", TEXT, nullable=False),
        sa.Column("record_id", TEXT, nullable=False),
        sa.Column("at_ms", NUMBER, nullable=False),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("job_id", TEXT),
        sa.Column("event_id", TEXT),
        sa.Column("previous", BYTES, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_history_record", "history", ["connection_id", "resource", "record_id", "id"])
    op.create_table(
        "events",
        sa.Column("seq", NUMBER, primary_key=True),
        sa.Column("id", TEXT, nullable=False, unique=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("connection_id", NUMBER, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("resource", TEXT),
        sa.Column("record_id", TEXT),
        sa.Column("at_ms", NUMBER, nullable=False),
        sa.Column("body", BYTES, nullable=False),
        sa.Column("sealed", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_connection", "events", ["connection_id", "seq"])
    op.create_index("ix_events_organization", "events", ["organization_id", "seq"])
