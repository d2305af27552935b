"""What is stored. A record is one JSON document, ready to send, plus a column for each filter.

SQLAlchemy's tables say the schema once for both databases; migrations are held against them by a
test. Times are integers: `*_ms` milliseconds, columns of records seconds, since 1970 in UTC. Texts
compare by code point on both databases.

Every table with customers' data leads with `connection_id`: the connection's own small number, not
the id that the API shows, because it stands in every index entry of every record.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    text,
)
from sqlalchemy.types import TypeEngine

from crossdock.resources.catalogue import all_resources
from crossdock.resources.schema import Kind, Resource

metadata = MetaData()

Text = String().with_variant(String(collation="C"), "postgresql")
Number = BigInteger().with_variant(Integer, "sqlite")
Bytes = LargeBinary()

PARTITIONS = 8
"""How many parts each table of records has on PostgreSQL, by the hash of its connection."""


def record_columns(resource: Resource) -> dict[str, Kind]:
    """The filter columns of a resource's table, with folded copies for filters that ignore case."""
    found: dict[str, Kind] = {}
    for column in resource.columns.values():
        found[column.name] = column.kind
        if column.any_case:
            found[f"{column.name}_folded"] = Kind.TEXT
    if resource.stamped:
        found["trackstar_created_date"] = found["trackstar_updated_date"] = Kind.TIME
    return found


def _type(kind: Kind) -> TypeEngine[Any]:
    if kind is Kind.TIME:
        return Number
    return SmallInteger() if kind is Kind.FLAG else Text


def _record_table(resource: Resource) -> Table:
    columns = record_columns(resource)
    return Table(
        resource.key,
        metadata,
        Column("connection_id", Number, primary_key=True, autoincrement=False),
        Column("id", Text, primary_key=True),
        *(Column(name, _type(kind)) for name, kind in columns.items()),
        Column("raw_hash", Bytes),
        Column("said_hash", Bytes),
        # Last, so that reading a filter's column does not step over the whole document.
        Column("document", Bytes, nullable=False),
        *(Index(f"ix_{resource.key}_{name}", "connection_id", name, "id") for name in columns),
        postgresql_partition_by="HASH (connection_id)",
    )


RECORDS = {one.key: _record_table(one) for one in all_resources()}

Table(
    "organizations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("lookback_days", Integer),  # null: as the operator's settings say
    Column("disabled_functions", Text),  # null: as the operator's settings say
    Column("created_ms", Number, nullable=False),
    Column("derived_ledger", Boolean, nullable=False, server_default=text("false")),
)

Table(
    "data_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False, unique=True),
    Column("master_id", Text, nullable=False),
    Column("wrapped", Bytes, nullable=False),
    Column("created_ms", Number, nullable=False),
)

Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),  # full | read_only
    Column("digest", Bytes, nullable=False, unique=True),
    Column("hint", Text, nullable=False),  # its last four characters, to tell keys apart
    Column("created_ms", Number, nullable=False),
    Column("revoked_ms", Number),
)

Table(
    "connections",
    metadata,
    Column("id", Number, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("organization_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("integration", Text, nullable=False),
    Column("customer_id", Text),
    Column("credentials", Bytes),  # encrypted; null once the connection is deleted
    Column("token", Bytes),  # encrypted; null once the connection is deleted
    Column("token_digest", Bytes, unique=True),
    Column("me", Text),
    Column("disabled_functions", Text, nullable=False, server_default=""),
    Column("webhooks_disabled", Boolean, nullable=False, server_default=text("false")),
    Column("times_used", Number, nullable=False, server_default="0"),
    Column("last_used_ms", Number),
    Column("created_ms", Number, nullable=False),
    Column("deleted_ms", Number),
    Index("ix_connections_organization", "organization_id", "id"),
    sqlite_autoincrement=True,  # a number is never given twice, not even after its row is gone
)

Table(
    "connection_errors",
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("function", Text, primary_key=True),  # "": all functions, the credentials are refused
    Column("kind", Text, nullable=False),  # invalid_credentials | missing_permission
    Column("message", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("first_ms", Number, nullable=False),
    Column("last_ms", Number, nullable=False),
)

Table(
    "schedules",
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("function", Text, primary_key=True),
    Column("every_seconds", Integer, nullable=False),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("due_ms", Number, nullable=False),
    Column("mark", Text),  # JSON that the client left: where the changes begin
    Column("first_done_ms", Number),  # when the initial sync completed
    Column("last_start_ms", Number),
    Column("last_end_ms", Number),
    Column("last_outcome", Text),
    Column("latest_data", Number),  # the newest updated_date held, seconds
    Column("fresh_ms", Number),  # when the last run that went to its end began: data are as of then
    Index("ix_schedules_due", "due_ms"),
)

Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # sync | on_demand | purge
    Column("connection_id", Number, nullable=False),
    Column("function", Text, nullable=False, server_default=""),
    Column("cause", Text, nullable=False),  # schedule | force | on_demand | delete
    Column("state", Text, nullable=False),  # queued | running | done | failed
    Column("due_ms", Number, nullable=False),
    Column("lease_ms", Number),
    Column("worker", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_ms", Number, nullable=False),
    Column("ended_ms", Number),
    Column("error", Text),
    Column("since_ms", Number, nullable=False, server_default="0"),  # when it was queued or claimed
    Index(
        "ux_jobs_open",
        "connection_id",
        "function",
        unique=True,
        sqlite_where=text("kind = 'sync' AND state IN ('queued', 'running')"),
        postgresql_where=text("kind = 'sync' AND state IN ('queued', 'running')"),
    ),
    Index("ix_jobs_claim", "state", "due_ms", "id"),
    Index("ix_jobs_running", "connection_id", "state"),
    Index("ix_jobs_ended", "ended_ms"),
    Index("ix_jobs_connection", "connection_id", "created_ms"),
)

Table(
    "on_demand",  # syncs of a window that a caller asked for
    metadata,
    Column("id", Text, primary_key=True),
    Column("connection_id", Number, nullable=False),
    Column("function", Text, nullable=False),
    Column("start_ms", Number, nullable=False),
    Column("end_ms", Number, nullable=False),
    Column("status", Text, nullable=False),  # open | completed | cancelled | stuck
    Column("job_id", Text, nullable=False, unique=True),
    Column("created_ms", Number, nullable=False),
    Column("ended_ms", Number),
    Index("ix_on_demand_connection", "connection_id", "status"),
)

Table(
    "runs",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("connection_id", Number, nullable=False, index=True),
    Column("function", Text, nullable=False),
    Column("first", Boolean, nullable=False),  # the initial sync of this function: records send no events
    Column("walk", Text, nullable=False),  # JSON: start, end and mark that the run began with
    Column("cursor", Text),  # JSON: where it goes on
    Column("mark", Text),  # JSON: the mark to keep when it completes
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("received", Integer, nullable=False, server_default="0"),
    Column("created", Integer, nullable=False, server_default="0"),
    Column("updated", Integer, nullable=False, server_default="0"),
    Column("unchanged", Integer, nullable=False, server_default="0"),
    Column("gone", Integer, nullable=False, server_default="0"),
    Column("quarantined", Integer, nullable=False, server_default="0"),
    Column("oldest_data", Number),
    Column("newest_data", Number),
    Column("started_ms", Number, nullable=False),
    Column("progress_ms", Number, nullable=False),
)

Table(
    "seen",  # which records a complete snapshot has met so far
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
)

Table(
    "quarantine",
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("function", Text, primary_key=True),
    Column("key", Text, primary_key=True),  # the record's id, or a hash where it has none
    Column("reason", Text, nullable=False),
    Column("raw", Bytes, nullable=False),  # its beginning
    Column("size", Integer, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("first_ms", Number, nullable=False),
    Column("last_ms", Number, nullable=False),
)

Table(
    "record_tags",
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("resource", Text, primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Index("ix_record_tags_id", "connection_id", "resource", "id"),
)

Table(
    "gone",  # tombstones: out of every list, readable by id
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("resource", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("document", Bytes, nullable=False),
    Column("gone_ms", Number, nullable=False),
)

Table(
    "history",  # one row a change of a record: what it was before
    metadata,
    Column("id", Number, primary_key=True),
    Column("connection_id", Number, nullable=False),
    Column("resource", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("at_ms", Number, nullable=False),
    Column("cause", Text, nullable=False),
    Column("job_id", Text),
    Column("event_id", Text),
    Column("previous", Bytes, nullable=False),
    Column("kind", Text, nullable=False, server_default="updated"),  # created | updated | gone | back
    Column("updated_before", Number),  # its trackstar_updated_date before, seconds; null: as it was created
    Index("ix_history_at", "at_ms"),
    Index("ix_history_record", "connection_id", "resource", "record_id", "id"),
    sqlite_autoincrement=True,
)

Table(
    "horizons",  # how far back a table that forgets is complete
    metadata,
    Column("name", Text, primary_key=True),  # history
    Column("at_ms", Number, nullable=False),
)

Table(
    "ledger_balances",  # what the derived entries of an item of stock add up to
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("item_id", Text, primary_key=True),
    Column("stock", Text, nullable=False),  # JSON: pairs of warehouse or null, and units
    Column("changes", Integer, nullable=False),  # how often it has changed
)

Table(
    "events",
    metadata,
    Column("seq", Number, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("organization_id", Text, nullable=False),
    Column("connection_id", Number, nullable=False),
    Column("type", Text, nullable=False),
    Column("resource", Text),
    Column("record_id", Text),
    Column("at_ms", Number, nullable=False),
    Column("body", Bytes, nullable=False),  # the webhook body, as it is signed and sent
    Column("sealed", Boolean, nullable=False, server_default=text("false")),  # the body is encrypted
    Index("ix_events_at", "at_ms"),
    Index("ix_events_connection", "connection_id", "seq"),
    Index("ix_events_organization", "organization_id", "seq"),
    Index("ix_events_message", "organization_id", "id"),
    Index("ix_events_record", "organization_id", "record_id", "id"),
    sqlite_autoincrement=True,
)

Table(
    "writes",  # writes that are under way, done, or in doubt: see write_log.py
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("id", Text, primary_key=True),
    Column("idempotency_key", Text),
    Column("fingerprint", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("state", Text, nullable=False),  # running | done | uncertain
    Column("holder", Text, nullable=False),
    Column("begun_ms", Number, nullable=False),
    Column("until_ms", Number, nullable=False),
    Column("record_id", Text),
    Column("answer", Bytes),
    Index("ux_writes_key", "connection_id", "idempotency_key", unique=True),
    Index("ix_writes_fingerprint", "connection_id", "fingerprint"),
    Index("ix_writes_begun", "begun_ms"),
)

Table(
    "vendor_slots",
    metadata,
    Column("account", Text, primary_key=True),
    Column("free_ms", Number, nullable=False),
)

# Those of carriers and of webhooks are declared in files of their own, which need what stands above.
from crossdock.store import carrier_tables, webhook_tables  # noqa: E402, F401
