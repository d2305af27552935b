"""What is stored. A record is one JSON document, ready to send, plus a column for each filter.

SQLAlchemy's tables say the schema once for both databases; migrations are held against them by a
test. Times are integers: `*_ms` milliseconds, columns of records seconds, since 1970 in UTC. Texts
compare by code point on both databases.

Every table with customers' data leads with `connection_id`: the connection's own small number, not
the id that the API shows, because it stands in every index entry of every record.
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    SmallInteger,
    Table,
    text,
)
from sqlalchemy.types import TypeEngine

from crossdock.resources.catalogue import all_resources
from crossdock.resources.schema import Kind, Resource
from crossdock.store.schema.metadata import Bytes, Number, Text, metadata
from crossdock.store.states import JOB_IS_OPEN, NOTICE_KINDS, JobKinds, quoted

PARTITIONS = 8
"""How many parts each table of records has on PostgreSQL, by the hash of its connection."""


def record_columns(resource: Resource) -> dict[str, Kind]:
    """The filter columns of a resource's table, with folded copies for filters that ignore case."""
    kinds: dict[str, Kind] = {}
    for column in resource.columns.values():
        kinds[column.name] = column.kind
        if column.any_case:
            kinds[f"{column.name}_folded"] = Kind.TEXT
    if resource.stamped:
        kinds["trackstar_created_date"] = kinds["trackstar_updated_date"] = Kind.TIME
    return kinds


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


RECORDS = {resource.key: _record_table(resource) for resource in all_resources()}

Table(
    "organizations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("lookback_days", Integer),  # null: as the operator's settings say
    Column("disabled_functions", Text),  # as resources/switches.py has it; null: as the settings say
    Column("created_ms", Number, nullable=False),
    Column("derived_ledger", Boolean, nullable=False, server_default=text("false")),
    Column("on_demand_holds", Text, nullable=False, server_default="connection"),  # connection | function
    Column("wants_second_factor", Boolean, nullable=False, server_default=text("false")),
    Column("sync_events", Boolean, nullable=False, server_default=text("false")),  # ends of syncs are told
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
    "old_data_keys",  # they open what was sealed with them, and seal nothing new
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False, index=True),
    Column("master_id", Text, nullable=False),
    Column("wrapped", Bytes, nullable=False),
    Column("created_ms", Number, nullable=False),
    Column("superseded_ms", Number, nullable=False),
    Column("emptied_ms", Number),  # when nothing was sealed with it any more; null: something may be
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
    Column("expires_ms", Number),  # null: never
    Column("last_used_ms", Number),
    Column("connection_uids", Text, nullable=False, server_default=""),  # by commas; "": all
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
    Column("quantities", Text, nullable=False, server_default="rounded"),  # rounded | exact
    Column("enabled_functions", Text, nullable=False, server_default=""),  # exceptions; "*": all
    Column("keep_raw", Boolean, nullable=False, server_default=text("false")),
    Column("custom_fields", Text, nullable=False, server_default=""),  # JSON, as kit/additional.py has it
    Column("lookback_days", Integer),  # null: as the organization has it
    Column("token_ms", Number),  # when its token was made; null: with the connection
    Column("token_used_ms", Number),  # when its token was used last
    Index("ix_connections_organization", "organization_id", "id"),
    sqlite_autoincrement=True,  # a number is never given twice, not even after its row is gone
)

Table(
    "retired_tokens",  # access tokens that were replaced, and work until they expire
    metadata,
    Column("digest", Bytes, primary_key=True),
    Column("connection_id", Number, nullable=False),
    Column("created_ms", Number, nullable=False),
    Column("retired_ms", Number, nullable=False),
    Column("expires_ms", Number, nullable=False),
    Column("used_ms", Number),
    Index("ix_retired_tokens_connection", "connection_id", "retired_ms"),
    Index("ix_retired_tokens_expires", "expires_ms"),
)

Table(
    "connection_errors",
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("function", Text, primary_key=True),  # "": all functions, the credentials are refused
    Column("aspect", Text, primary_key=True),  # sync: it stands still | records | files: some were set aside
    Column("kind", Text, nullable=False),  # see store/connections/problems.py
    Column("message", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("first_ms", Number, nullable=False),
    Column("last_ms", Number, nullable=False),
    Column("count", Integer, nullable=False, server_default="0"),  # how many were set aside
    Column("examples", Text, nullable=False, server_default="[]"),  # JSON: [{"id", "reason"}], some of them
)

Table(
    "sign_ins",  # whether a connection's credentials may be tried now, and by whom
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("refused_kind", Text),  # null: they work, as far as is known
    Column("refusals", Integer, nullable=False, server_default="0"),  # in a row
    Column("attempts_ms", Text, nullable=False, server_default=""),  # the last refused ones, by commas
    Column("next_ms", Number, nullable=False, server_default="0"),  # when refused ones are tried again
    Column("accepted_ms", Number, nullable=False, server_default="0"),
    Column("holder", Text),  # who signs in now
    Column("lease_ms", Number, nullable=False, server_default="0"),  # until when
)

Table(
    "sessions",  # what an integration keeps of a connection: tokens, and facts found when it was connected
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("content", Bytes),  # encrypted JSON
    Column("version", Number, nullable=False, server_default="0"),  # counts its changes
    Column("holder", Text),  # who changes it now
    Column("lease_ms", Number, nullable=False, server_default="0"),  # until when
)

Table(
    "oauth_flows",  # consents that were begun; gone as soon as somebody comes back with it
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("content", Bytes, nullable=False),  # encrypted JSON
    Column("expires_ms", Number, nullable=False),
    Index("ix_oauth_flows_expires", "expires_ms"),
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
    Column("reread", Text),  # JSON: how far reading again what is open has come
    Index("ix_schedules_due", "due_ms"),
)

Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # states.JobKind
    Column("connection_id", Number, nullable=False),
    Column("function", Text, nullable=False, server_default=""),
    Column("cause", Text, nullable=False),  # states.JobCause
    Column("state", Text, nullable=False),  # states.JobState
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
        sqlite_where=text(f"kind = '{JobKinds.SYNC}' AND {JOB_IS_OPEN}"),
        postgresql_where=text(f"kind = '{JobKinds.SYNC}' AND {JOB_IS_OPEN}"),
    ),
    Index(
        "ux_jobs_notices",
        "connection_id",
        "kind",
        "function",
        unique=True,
        sqlite_where=text(f"kind IN ({quoted(NOTICE_KINDS)}) AND {JOB_IS_OPEN}"),
        postgresql_where=text(f"kind IN ({quoted(NOTICE_KINDS)}) AND {JOB_IS_OPEN}"),
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
    Column("waited_seconds", Integer, nullable=False, server_default="0"),  # for the vendor, since a record
    Column("last_event", Text),  # the id of the last event that told of a record of it
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
    Column(
        "kind", Text, nullable=False, server_default="whole"
    ),  # whole | partial: the record itself is kept
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
    "shapes",  # the names in documents that are stored packed: see records/packing.py
    metadata,
    Column("number", Number, primary_key=True),
    Column("connection_id", Number, nullable=False),
    Column("digest", Text, nullable=False),
    Column("content", Bytes, nullable=False),  # deflated
    Index("ux_shapes_digest", "connection_id", "digest", unique=True),
    sqlite_autoincrement=True,  # a number is never given twice: rows are read by it
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
    Column("customer", Text),  # whose system it was then, as a channel holds it
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
    Column("state", Text, nullable=False),  # states.WriteState
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
    Column("free_ms", Number, nullable=False),  # when all that was reserved has come back
    Column("held_ms", Number, nullable=False, server_default="0"),  # nothing passes before
    Column("per_second", Float),  # as the vendor says, where that differs from the manifest
    Column("capacity", Float),
)

Table(
    "vendor_calls",  # tickets of those who call a vendor, or wait for a place to: the lowest ones have it
    metadata,
    Column("id", Number, primary_key=True),
    Column("account", Text, nullable=False),
    Column("until_ms", Number, nullable=False),
    Index("ix_vendor_calls_account", "account", "id"),
    sqlite_autoincrement=True,
)

Table(
    "api_calls",  # the log of API calls; never secrets, never who a person is
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("at_ms", Number, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("duration_us", Number, nullable=False),
    Column("key_id", Text),
    Column("connection_uid", Text),
    Column("detail", Text),  # JSON of headers and bodies, as web/call_details.py keeps them
    Index("ix_api_calls_organization", "organization_id", "id"),
    Index("ix_api_calls_at", "at_ms"),
)

Table(
    "integration_requests",  # which integrations organizations ask for
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("type", Text, nullable=False),  # "": not said
    Column("folded_name", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("url", Text),
    Column("note", Text),
    Column("created_ms", Number, nullable=False),
    Column("updated_ms", Number, nullable=False),
    Index("ux_integration_requests", "organization_id", "type", "folded_name", unique=True),
)
