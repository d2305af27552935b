"""What is stored while end users connect their systems: tokens, codes, links, flows, and how it looks."""

from sqlalchemy import Boolean, Column, Index, Table

from crossdock.store.schema.metadata import Bytes, Number, Text, metadata

Table(
    "link_tokens",  # what the button's frame signs in with
    metadata,
    Column("digest", Bytes, primary_key=True),
    Column("id", Text, nullable=False),
    Column("organization_id", Text, nullable=False),
    Column("connection_uid", Text),  # the connection to repair; null: a new one
    Column("customer_id", Text),
    Column("magic_link_id", Text),  # null: of the button
    Column("expires_ms", Number, nullable=False),
    Column("webhook_endpoints", Text, nullable=False, server_default="[]"),  # JSON: ids to add it to
    Index("ix_link_tokens_expires", "expires_ms"),
)

Table(
    "auth_codes",  # what a backend exchanges for an access token
    metadata,
    Column("digest", Bytes, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("connection_id", Number, nullable=False),
    Column("expires_ms", Number, nullable=False),
    Column("is_used", Boolean, nullable=False),
    Index("ix_auth_codes_expires", "expires_ms"),
)

Table(
    "magic_links",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("secret_digest", Bytes, nullable=False, unique=True),
    Column("secret", Bytes, nullable=False),  # encrypted: the end of its address
    Column("options", Text, nullable=False),  # JSON
    Column("customer_id", Text),
    Column("connection_uid", Text),  # the connection to repair; null: a new one
    Column("max_connections", Number, nullable=False),  # 0: any number
    Column("connections", Number, nullable=False),  # how many were made with it
    Column("created_ms", Number, nullable=False),
    Column("expires_ms", Number, nullable=False),
    Column("webhook_endpoints", Text, nullable=False, server_default="[]"),  # JSON: ids to add it to
    Index("ix_magic_links_organization", "organization_id", "created_ms"),
    Index("ix_magic_links_expires", "expires_ms"),
)

Table(
    "link_flows",  # an end user's way through the form, from opening it to its result
    metadata,
    Column("organization_id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),  # whom the link token was made for
    Column("id", Text, primary_key=True),  # made by the form: nobody hinders others by using theirs
    Column("status", Text, nullable=False),  # open, waiting, done or failed
    Column("connection_id", Number),  # once it is done
    Column("result", Bytes),  # encrypted: the auth code
    Column("error", Text),  # JSON, where it failed
    Column("permissions", Text),  # JSON, once they were checked
    Column("attempt", Text, nullable=False),  # who signs in for it now; "": nobody
    Column("attempt_until_ms", Number, nullable=False),
    Column("expires_ms", Number, nullable=False),
    Index("ix_link_flows_expires", "expires_ms"),
)

Table(
    "branding",  # how the form of an organization looks
    metadata,
    Column("organization_id", Text, primary_key=True),
    Column("name", Text),
    Column("color", Text),
    Column("terms_url", Text),
    Column("privacy_url", Text),
    Column("allowed_origins", Text, nullable=False),  # JSON
    Column("logo", Bytes),
    Column("logo_type", Text),
    Column("logo_name", Text, unique=True),  # its address ends so
)

Table(
    "oauth_apps",  # the operator's registrations with vendors
    metadata,
    Column("integration", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("client_secret", Bytes, nullable=False),  # encrypted
    Column("updated_ms", Number, nullable=False),
)
