"""Ledgers for programs that know items by numbers: events with numbers in place of ids, and levels."""

from sqlalchemy import Column, Index, Table

from crossdock.store.schema.metadata import Number, Text, metadata

Table(
    "numbered_ledgers",  # those that somebody has asked for
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("phase", Text, nullable=False),  # entries, levels, whole: see changes/numbered_events
    Column("position", Text, nullable=False),  # how far the phase is: the id of an entry or an item
)

Table(
    "numbered_items",  # kept when a connection is reset: a number is an item's for ever
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("item_id", Text, primary_key=True),
    Column("number", Number, nullable=False),
    Column("product_number", Number, nullable=False),
    Column("total", Number, nullable=False),  # of the quantities of all its events
    Column("last_date", Number, nullable=False),  # of its newest event, in seconds
    Column("last_entry", Text, nullable=False),
    Index("ix_numbered_items_number", "connection_id", "number", unique=True),
)

Table(
    "numbered_events",
    metadata,
    Column("connection_id", Number, primary_key=True, autoincrement=False),
    Column("entry_id", Text, primary_key=True),
    Column("date", Number, nullable=False),  # seconds
    Column("number", Number, nullable=False),  # of its item
    Column("quantity", Number, nullable=False),
    Column("level", Number, nullable=False),  # the sum of the item's quantities up to here
    Index("ix_numbered_events_date", "connection_id", "date", "entry_id"),
    Index("ix_numbered_events_number", "connection_id", "number", "date", "entry_id"),
)
