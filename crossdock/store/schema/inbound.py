"""What is stored of webhooks that vendors send to us, and of records as they send them."""

from sqlalchemy import Column, Index, Table

from crossdock.store.schema.metadata import Bytes, Number, Text, metadata

Table(
    "inbound_subscriptions",  # one a connection whose vendor sends notices
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("path_digest", Bytes, nullable=False, unique=True),
    Column("path", Bytes, nullable=False),  # encrypted: the end of the address that the vendor calls
    Column("secret", Bytes, nullable=False),  # encrypted: what the vendor signs with
    Column("subscription", Text),  # JSON: what the vendor calls it; null: it has none yet
    Column("check_ms", Number, nullable=False),  # when it is looked after next
)

Table(
    "notices",  # records that a vendor says have changed, and that are to be read
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("function", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("revision", Number, nullable=False, server_default="1"),  # how often it was told of
    Column("at_ms", Number, nullable=False),  # when it was told of first
    Index("ix_notices_at", "connection_id", "function", "at_ms"),
)

Table(
    "raw_records",  # of connections that keep them
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("resource", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("raw", Bytes, nullable=False),  # JSON, compressed and encrypted
)
