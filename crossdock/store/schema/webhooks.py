"""What webhooks keep: who listens, what is to be sent, what was sent, and what the admin API remembers.

A delivery is one message at one endpoint. Messages are the organization's events, under the same ids,
and what the admin API was given. Columns called `sealed` or `exchange` are encrypted: addresses and
headers of receivers hold passwords.
"""

from sqlalchemy import Boolean, Column, Index, Integer, SmallInteger, Table, text

from crossdock.store.schema.metadata import Bytes, Number, Text, metadata

Table(
    "webhook_apps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("uid", Text),
    Column("name", Text, nullable=False),
    Column("rate", Integer),
    Column("metadata", Text, nullable=False, server_default="{}"),
    Column("created_ms", Number, nullable=False),
    Column("updated_ms", Number, nullable=False),
    Index("ux_webhook_apps_uid", "organization_id", "uid", unique=True),
)
Table(
    "webhook_endpoints",
    metadata,
    Column("number", Number, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("organization_id", Text, nullable=False),
    Column("application_id", Text, nullable=False),
    Column("uid", Text),
    Column("description", Text, nullable=False, server_default=""),
    Column("types", Text),  # JSON list; null: all but those one has to ask for
    Column("channels", Text),  # JSON list; null: all
    Column("connections", Text),  # JSON list of ids; null, like that of customers: all
    Column("customers", Text),  # JSON list
    Column("rate", Integer),  # messages a second; null: the application's
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
    Column("transforms", Boolean, nullable=False, server_default=text("false")),
    Column("transformed_ms", Number),
    Column("metadata", Text, nullable=False, server_default="{}"),
    Column("sealed", Bytes, nullable=False),  # URL, signing secrets, headers, script and its variables
    Column("revision", Integer, nullable=False, server_default="1"),  # goes up with every change
    Column("failing_since_ms", Number),
    Column("failing_last_ms", Number),
    Column("created_ms", Number, nullable=False),
    Column("updated_ms", Number, nullable=False),
    Column("deleted_ms", Number),
    Index("ix_webhook_endpoints_application", "application_id", "id"),
    Index("ux_webhook_endpoints_uid", "application_id", "uid", unique=True),
    sqlite_autoincrement=True,
)
is_due = text("due_ms IS NOT NULL")
Table(
    "webhook_deliveries",
    metadata,
    Column("endpoint", Number, primary_key=True, autoincrement=False),
    Column("message_id", Text, primary_key=True),
    Column("manual", SmallInteger, primary_key=True, autoincrement=False),  # 1: one try, asked for
    Column("state", SmallInteger, nullable=False),  # as in the admin API: 0 success … 4 canceled
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("due_ms", Number),  # when it is tried next; while somebody tries it: until when it is theirs
    Column("holder", Text),
    Index("ix_webhook_deliveries_due", "endpoint", "due_ms", sqlite_where=is_due, postgresql_where=is_due),
)
Table(
    "endpoint_throttles",  # when an endpoint with a limit may get its next message
    metadata,
    Column("endpoint", Number, primary_key=True, autoincrement=False),
    Column("free_us", Number, nullable=False),  # microseconds, as limits go up to thousands a second
)
Table(
    "webhook_attempts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("endpoint", Number, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("at_ms", Number, nullable=False),
    Column("status", SmallInteger, nullable=False),  # 0 success, 2 fail, 4 canceled
    Column("code", SmallInteger, nullable=False),  # 0: no answer
    Column("duration_ms", Integer, nullable=False),
    Column("manual", SmallInteger, nullable=False),
    Column("response", Bytes, nullable=False),
    Column("exchange", Bytes, nullable=False),  # encrypted: the URL, and the headers of both sides
    # With all that sums are made of: rows are not looked at for them.
    Index("ix_webhook_attempts_endpoint", "endpoint", "id", "at_ms", "status", "code", "duration_ms"),
    Index("ix_webhook_attempts_message", "message_id", "id"),
)
Table(
    "webhook_messages",  # what the admin API was given to send
    metadata,
    Column("id", Text, primary_key=True),
    Column("application_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("event_id", Text),
    Column("channels", Text),
    Column("at_ms", Number, nullable=False),
    Column("deliver_ms", Number),
    Column("expires_ms", Number, nullable=False),
    Column("content_type", Text),
    Column("body", Bytes, nullable=False),
    Column("only_endpoint", Number),  # an example: no other endpoint gets it
    Column("params", Text),  # JSON: what transformations get along with it
    Index("ix_webhook_messages_application", "application_id", "id"),
    Index("ix_webhook_messages_event", "application_id", "event_id"),
    Index("ix_webhook_messages_expires", "expires_ms"),
)
Table(
    "webhook_message_tags",
    metadata,
    Column("application_id", Text, primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Index("ix_webhook_message_tags_message", "message_id"),
)
Table(
    "webhook_event_types",  # those that the organization added, and what it says of ours
    metadata,
    Column("organization_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("description", Text, nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("deprecated", Boolean, nullable=False),
    Column("schemas", Text),
    Column("group_name", Text),
    Column("feature_flags", Text),
    Column("created_ms", Number, nullable=False),
    Column("updated_ms", Number, nullable=False),
)
Table(
    "webhook_tasks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("endpoint", Number, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),  # running | finished | failed
    Column("asked", Text, nullable=False),  # JSON: the window and the filters
    Column("cursor", Text, nullable=False, server_default=""),
    Column("sent", Integer, nullable=False, server_default="0"),
    Column("updated_ms", Number, nullable=False),
    Index("ix_webhook_tasks_organization", "organization_id", "id"),
    Index("ix_webhook_tasks_status", "status", "id"),
)
Table(
    "webhook_answers",  # to requests with an idempotency key
    metadata,
    Column("digest", Bytes, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("status", Integer),  # null: the first request is under way
    Column("body", Bytes),  # encrypted
    Column("until_ms", Number, nullable=False),
    Index("ix_webhook_answers_until", "until_ms"),
)
Table(
    "portal_tokens",
    metadata,
    Column("digest", Bytes, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("application_id", Text, nullable=False),
    Column("session_id", Text),
    Column("capabilities", Text, nullable=False),
    Column("feature_flags", Text, nullable=False, server_default=""),
    Column("expires_ms", Number, nullable=False),
    Index("ix_portal_tokens_application", "application_id"),
)
Table(
    "webhook_handovers",  # how far an organization's events were handed to another server; "": it is on
    metadata,
    Column("organization_id", Text, primary_key=True),
    Column("seq", Number, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("due_ms", Number, nullable=False, server_default="0"),
    Column("problem", Text, nullable=False, server_default=""),  # why it got no farther
)
