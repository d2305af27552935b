"""Persons and shops that were erased: the proof, and what they are known by if a system names them again."""

from sqlalchemy import Column, Index, Integer, Table, text

from crossdock.store.schema.metadata import Bytes, Number, Text, metadata

Table(
    "erasures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("mode", Text, nullable=False),  # erase | show: nothing is changed
    Column("state", Text, nullable=False),  # states.ErasureState
    Column("source", Text, nullable=False),  # api | command_line | notice
    Column("actor", Text, nullable=False),  # who asked for it, as it can be shown
    Column("kinds", Text, nullable=False),  # JSON: the kinds of identifiers, never values
    Column("digests", Text, nullable=False),  # JSON: [kind, keyed digest] of each identifier
    Column("request", Bytes),  # encrypted; null once it is done: the values are in no row then
    Column("progress", Text, nullable=False),  # JSON: where it goes on
    Column("counts", Text, nullable=False, server_default="{}"),  # JSON: place → how many were changed
    Column("examples", Text, nullable=False, server_default="[]"),  # JSON: where, masked; of shows only
    Column("created_ms", Number, nullable=False),
    Column("updated_ms", Number, nullable=False),
    Column("ended_ms", Number),
    Index("ix_erasures_organization", "organization_id", "id"),
)

Table(
    "erasure_keys",  # what identifiers are hashed with, for each organization
    metadata,
    Column("organization_id", Text, primary_key=True),
    Column("secret", Bytes, nullable=False),  # encrypted
    Column("revision", Number, nullable=False, server_default="0"),  # goes up with every identity
)

Table(
    "erased_identities",  # whom the reader masks when a system still sends them
    metadata,
    Column("organization_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # email | phone | name | name_address | record | connection
    Column("digest", Bytes, primary_key=True),
    Column("words", Integer, nullable=False, server_default=text("0")),  # of a name
    Column("at_ms", Number, nullable=False),  # records made later are of somebody who came back
    Column("erasure_id", Text, nullable=False),
)
