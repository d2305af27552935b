"""Endpoints, deliveries, attempts and what the admin API keeps."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
BYTES = sa.LargeBinary()


def upgrade() -> None:
    op.create_index("ix_events_message", "events", ["organization_id", "id"])
    op.create_index("ix_events_record", "events", ["organization_id", "record_id", "id"])
    _who_listens()
    _what_is_sent()
    _what_the_admin_api_keeps()
    if op.get_bind().dialect.name == "postgresql":
        # Rows of deliveries change three times in a second: dead ones would slow the search for what is due.
        op.execute("ALTER TABLE webhook_deliveries SET (autovacuum_vacuum_scale_factor = 0.02)")


def _who_listens() -> None:
    op.create_table(
        "webhook_apps",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("uid", TEXT),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("rate", sa.Integer),
        sa.Column("metadata", TEXT, nullable=False, server_default="{}"),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("updated_ms", NUMBER, nullable=False),
    )
    op.create_index("ux_webhook_apps_uid", "webhook_apps", ["organization_id", "uid"], unique=True)
    op.create_table(
        "webhook_endpoints",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", TEXT, nullable=False, unique=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=False),
        sa.Column("uid", TEXT),
        sa.Column("description", TEXT, nullable=False, server_default=""),
        sa.Column("types", TEXT),
        sa.Column("channels", TEXT),
        sa.Column("rate", sa.Integer),
        sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("transforms", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("transformed_ms", NUMBER),
        sa.Column("metadata", TEXT, nullable=False, server_default="{}"),
        sa.Column("sealed", BYTES, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
        sa.Column("failing_since_ms", NUMBER),
        sa.Column("failing_last_ms", NUMBER),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("updated_ms", NUMBER, nullable=False),
        sa.Column("deleted_ms", NUMBER),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_endpoints_application", "webhook_endpoints", ["application_id", "id"])
    op.create_index("ux_webhook_endpoints_uid", "webhook_endpoints", ["application_id", "uid"], unique=True)


def _what_is_sent() -> None:
    is_due = sa.text("due_ms IS NOT NULL")
    op.create_table(
        "webhook_deliveries",
        sa.Column("endpoint", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("message_id", TEXT, primary_key=True),
        sa.Column("manual", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("due_ms", NUMBER),
        sa.Column("holder", TEXT),
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["endpoint", "due_ms"],
        sqlite_where=is_due,
        postgresql_where=is_due,
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("endpoint", NUMBER, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("at_ms", NUMBER, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("code", sa.SmallInteger, nullable=False),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.Column("manual", sa.SmallInteger, nullable=False),
        sa.Column("response", BYTES, nullable=False),
        sa.Column("exchange", BYTES, nullable=False),
    )
    op.create_index("ix_webhook_attempts_endpoint", "webhook_attempts", ["endpoint", "id"])
    op.create_index("ix_webhook_attempts_message", "webhook_attempts", ["message_id", "id"])
    op.create_table(
        "webhook_messages",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("application_id", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("event_id", TEXT),
        sa.Column("channels", TEXT),
        sa.Column("at_ms", NUMBER, nullable=False),
        sa.Column("deliver_ms", NUMBER),
        sa.Column("expires_ms", NUMBER, nullable=False),
        sa.Column("content_type", TEXT),
        sa.Column("body", BYTES, nullable=False),
    )
    op.create_index("ix_webhook_messages_application", "webhook_messages", ["application_id", "id"])
    op.create_index("ix_webhook_messages_event", "webhook_messages", ["application_id", "event_id"])
    op.create_index("ix_webhook_messages_expires", "webhook_messages", ["expires_ms"])
    op.create_table(
        "webhook_message_tags",
        sa.Column("application_id", TEXT, primary_key=True),
        sa.Column("tag", TEXT, primary_key=True),
        sa.Column("message_id", TEXT, primary_key=True),
    )
    op.create_index("ix_webhook_message_tags_message", "webhook_message_tags", ["message_id"])


def _what_the_admin_api_keeps() -> None:
    op.create_table(
        "webhook_event_types",
        sa.Column("organization_id", TEXT, primary_key=True),
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("deprecated", sa.Boolean, nullable=False),
        sa.Column("schemas", TEXT),
        sa.Column("group_name", TEXT),
        sa.Column("feature_flags", TEXT),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("updated_ms", NUMBER, nullable=False),
    )

    op.create_table(
        "webhook_tasks",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("endpoint", NUMBER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("asked", TEXT, nullable=False),
        sa.Column("cursor", TEXT, nullable=False, server_default=""),
        sa.Column("sent", sa.Integer, nullable=False, server_default="0"),
        sa.Column("updated_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_webhook_tasks_organization", "webhook_tasks", ["organization_id", "id"])
    op.create_index("ix_webhook_tasks_status", "webhook_tasks", ["status", "id"])
    op.create_table(
        "webhook_answers",
        sa.Column("digest", BYTES, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("body", BYTES),
        sa.Column("until_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_webhook_answers_until", "webhook_answers", ["until_ms"])
    op.create_table(
        "portal_tokens",
        sa.Column("digest", BYTES, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("application_id", TEXT, nullable=False),
        sa.Column("session_id", TEXT),
        sa.Column("capabilities", TEXT, nullable=False),
        sa.Column("feature_flags", TEXT, nullable=False, server_default=""),
        sa.Column("expires_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_portal_tokens_application", "portal_tokens", ["application_id"])
    op.create_table(
        "webhook_handovers",
        sa.Column("organization_id", TEXT, primary_key=True),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_ms", NUMBER, nullable=False, server_default="0"),
    )
