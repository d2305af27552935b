"""Who is told of what is wrong: channels, the problems they hear of, and what was sent.

Problems are derived: from the feed of events up to a position, and from signals about endpoints, which
are removed once they were taken in.
"""

from sqlalchemy import Boolean, Column, Index, Integer, Table, text

from crossdock.store.schema.metadata import Bytes, Number, Text, metadata

Table(
    "alert_channels",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),  # "operator": of whoever runs the server
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),  # email | slack | teams | url
    Column("rules", Text, nullable=False),  # JSON
    Column("sealed", Bytes, nullable=False),  # addresses, or the URL: it often holds a secret
    Column("endpoint", Number),  # of the webhook sender; null: e-mail
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
    Column("sent_ms", Number),  # when the last message was made
    Column("created_ms", Number, nullable=False),
    Column("updated_ms", Number, nullable=False),
    Index("ix_alert_channels_organization", "organization_id", "id"),
)
Table(
    "alert_positions",  # how far an organization's feed was followed, and when its channels are planned next
    metadata,
    Column("organization_id", Text, primary_key=True),
    Column("seq", Number, nullable=False),
    Column("due_ms", Number, nullable=False),
)
Table(
    "alert_signals",  # what happened to endpoints, and was not taken in yet
    metadata,
    Column("seq", Number, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("application_id", Text, nullable=False),
    Column("endpoint_id", Text, nullable=False),
    Column("host", Text, nullable=False),  # of its URL
    Column("at_ms", Number, nullable=False),
    sqlite_autoincrement=True,
)
Table(
    "alert_problems",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("key", Text, nullable=False),  # what it is about, with its kind: at most one problem of each
    Column("kind", Text, nullable=False),
    Column("connection_id", Number, nullable=False, server_default="0"),
    Column("application_id", Text, nullable=False, server_default=""),
    Column("subject", Text, nullable=False),  # JSON
    Column("message", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("revision", Integer, nullable=False),  # goes up each time that it begins
    Column("first_ms", Number, nullable=False),
    Column("last_ms", Number, nullable=False),
    Column("resolved_ms", Number),
    Index("ux_alert_problems_key", "organization_id", "key", unique=True),
    Index("ix_alert_problems_connection", "organization_id", "connection_id"),
    Index("ix_alert_problems_resolved", "resolved_ms"),
)
Table(
    "alert_notices",  # what a channel was told of a problem
    metadata,
    Column("channel_id", Text, primary_key=True),
    Column("problem_id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", Text, nullable=False),  # open: told that it is there | over: that it is not | skipped
    Index("ix_alert_notices_problem", "problem_id"),
)
Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("channel_id", Text, nullable=False),
    Column("channel_name", Text, nullable=False),
    Column("channel_kind", Text, nullable=False),
    Column("at_ms", Number, nullable=False),
    Column("content", Text, nullable=False),  # JSON
    Column("endpoint", Number),  # of the webhook sender, which then knows what became of it
    Column("state", Text, nullable=False),  # of e-mail: pending | sent | failed | canceled
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_ms", Number),  # when it is tried next; while somebody tries it: until when it is theirs
    Column("holder", Text, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    Index("ix_alerts_organization", "organization_id", "id"),
    Index("ix_alerts_due", "due_ms"),
    Index("ix_alerts_at", "at_ms"),
)
Table(
    "alert_leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until_ms", Number, nullable=False),
)
