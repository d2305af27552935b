"""Who works with an organization, and what was done."""

from sqlalchemy import Boolean, Column, Index, Table

from crossdock.store.schema.metadata import Bytes, Number, Text, metadata

Table(
    "audit_log",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("at_ms", Number, nullable=False),
    Column("actor_kind", Text, nullable=False),  # as store/people/audit_log.py has it
    Column("actor_id", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    Index("ix_audit_log_organization", "organization_id", "id"),
    # Triggers refuse to change and to remove rows: store/migrations/versions/0020_people.py
)

Table(
    "audit_prunings",  # what `audit-log prune` may remove while its transaction is open; else empty
    metadata,
    Column("before_ms", Number, primary_key=True, autoincrement=False),
)

Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, unique=True),  # as addresses are compared: case-folded
    Column("name", Text, nullable=False, server_default=""),
    Column("password_hash", Text),  # Argon2id; null: signs in by a link or single sign-on only
    Column("created_ms", Number, nullable=False),
    Column("disabled_ms", Number),
    Column("last_sign_in_ms", Number),
    Column("totp_secret", Bytes),  # encrypted
    Column("totp_confirmed_ms", Number),  # null: enrolment was begun, and asks for nothing yet
    Column("totp_step", Number, nullable=False, server_default="0"),  # the last that was accepted
)

Table(
    "memberships",
    metadata,
    Column("organization_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("role", Text, nullable=False),  # owner | developer | viewer
    Column("by_sign_on", Boolean, nullable=False),  # a password does not open it: nobody was invited
    Column("created_ms", Number, nullable=False),
    Index("ix_memberships_user", "user_id"),
)

Table(
    "user_sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", Bytes, nullable=False, unique=True),
    Column("user_id", Text, nullable=False, index=True),
    Column("organization_id", Text),  # the one that is worked with; null: none yet
    Column("method", Text, nullable=False),  # password | link | sign_on
    Column("stage", Text, nullable=False),  # second_factor: half signed in | open
    Column("tries", Number, nullable=False, server_default="0"),  # of a second factor
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("created_ms", Number, nullable=False),
    Column("used_ms", Number, nullable=False),
    Column("expires_ms", Number, nullable=False, index=True),
)

Table(
    "recovery_codes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    Column("digest", Bytes, nullable=False),
    Column("used_ms", Number),
)

Table(
    "invitations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("digest", Bytes, nullable=False, unique=True),
    Column("invited_by", Text, nullable=False),
    Column("created_ms", Number, nullable=False),
    Column("expires_ms", Number, nullable=False),
    Column("accepted_ms", Number),
    Column("revoked_ms", Number),
    Index("ix_invitations_organization", "organization_id", "id"),
)

Table(
    "sign_in_links",  # of first owners and of reset passwords
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    Column("digest", Bytes, nullable=False, unique=True),
    Column("created_ms", Number, nullable=False),
    Column("expires_ms", Number, nullable=False, index=True),
    Column("used_ms", Number),
)

Table(
    "sign_in_failures",
    metadata,
    Column("subject", Bytes, primary_key=True),  # a digest: account and address, account, or address
    Column("failures", Number, nullable=False),
    Column("last_ms", Number, nullable=False, index=True),
    Column("next_ms", Number, nullable=False),  # nothing is tried before it
)

Table(
    "sign_on_settings",
    metadata,
    Column("organization_id", Text, primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("client_secret", Bytes),  # encrypted; null: a public client
    Column("domains", Text, nullable=False),  # of e-mail addresses that may come in, by commas
    Column("default_role", Text, nullable=False),
    Column("adds_members", Boolean, nullable=False),
    Column("is_enforced", Boolean, nullable=False),
    Column("break_glass_user_id", Text),  # the owner who may still come in by password
    Column("changed_ms", Number, nullable=False),
)

Table(
    "sign_on_flows",
    metadata,
    Column("digest", Bytes, primary_key=True),  # of the state
    Column("organization_id", Text, nullable=False),
    Column("content", Bytes, nullable=False),  # encrypted: nonce, verifier, binding
    Column("expires_ms", Number, nullable=False, index=True),
)

Table(
    "sign_on_identities",
    metadata,
    Column("organization_id", Text, primary_key=True),
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    Column("created_ms", Number, nullable=False),
)
