"""Every column that is encrypted, and what each of its values is bound to.

Whoever seals a value in a new column adds a line here: rotating keys then covers it, and a test that looks
at what was sealed fails until it does.
"""

from dataclasses import dataclass
from string import Formatter


@dataclass(frozen=True)
class SealedColumn:
    """A column whose values are sealed. In SQL, `t` is its row and `c` the connection of the row."""

    table: str
    column: str
    key: tuple[str, ...]
    """The columns that tell rows apart."""
    context: str
    """What a value is bound to. `{uid}` is the id of the connection, others are columns; bytes are in hex."""
    organization: str = "c.organization_id"
    """SQL for whose data key seals it."""
    of_connection: bool = True
    """Whether the row has a `connection_id`."""
    condition: str = "TRUE"
    """SQL for which rows are sealed, where not all are."""
    holds_people: bool = False
    """Whether it may hold what customers' systems say of people, not only secrets."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the context."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.context) if name)

    def bound_to(self, values: dict[str, object]) -> str:
        """The context of a value. values: of `names`."""
        shown = {
            name: bytes(value).hex() if isinstance(value, bytes | memoryview) else value
            for name, value in values.items()
        }
        return self.context.format_map(shown)

    @property
    def source(self) -> str:
        """The SQL of the rows that are sealed, from FROM on, with a condition that can be added to.

        Where an empty value stands a secret was removed, as of an endpoint that was deleted.
        """
        column = "id" if self.table == "connections" else "connection_id"
        join = f" JOIN connections c ON c.id = t.{column}" if self.of_connection else ""
        return f"FROM {self.table} t{join} WHERE LENGTH(t.{self.column}) > 0 AND ({self.condition})"


_OWN = "t.organization_id"
_OF_ENDPOINT = "(SELECT e.organization_id FROM webhook_endpoints e WHERE e.number = t.endpoint)"
_RAW = ("connection_id", "resource", "id")
_FLOW = ("organization_id", "subject", "id")

SEALED_COLUMNS = (
    SealedColumn("connections", "credentials", ("id",), "credentials of {uid}"),
    SealedColumn("connections", "token", ("id",), "token of {uid}"),
    SealedColumn("sessions", "content", ("connection_id",), "session of {uid}"),
    SealedColumn("oauth_flows", "content", ("id",), "consent {id}", _OWN, of_connection=False),
    SealedColumn("inbound_subscriptions", "path", ("connection_id",), "inbound path of {uid}"),
    SealedColumn("inbound_subscriptions", "secret", ("connection_id",), "inbound secret of {uid}"),
    SealedColumn("raw_records", "raw", _RAW, "raw {resource} {id} of {uid}", holds_people=True),
    SealedColumn("events", "body", ("seq",), "event {id}", _OWN, of_connection=False, condition="t.sealed"),
    SealedColumn("webhook_endpoints", "sealed", ("number",), "endpoint {id}", _OWN, of_connection=False),
    SealedColumn(
        "webhook_attempts", "exchange", ("id",), "attempt {id}", _OF_ENDPOINT, of_connection=False,
        holds_people=True,
    ),
    SealedColumn(
        "webhook_answers", "body", ("digest",), "answer {digest}", _OWN, of_connection=False,
        holds_people=True,
    ),
    SealedColumn("alert_channels", "sealed", ("id",), "alert channel {id}", _OWN, of_connection=False),
    SealedColumn("magic_links", "secret", ("id",), "magic link {id}", _OWN, of_connection=False),
    SealedColumn("link_flows", "result", _FLOW, "result of flow {id}", _OWN, of_connection=False),
    SealedColumn(
        "oauth_apps", "client_secret", ("integration",), "oauth app of {integration}", "'operator'",
        of_connection=False,
    ),
    SealedColumn(
        "users", "totp_secret", ("id",), "second factor of {id}", "'people'", of_connection=False,
    ),
    SealedColumn(
        "sign_on_settings", "client_secret", ("organization_id",), "client of single sign-on", _OWN,
        of_connection=False,
    ),
    SealedColumn("sign_on_flows", "content", ("digest",), "sign-on {digest}", _OWN, of_connection=False),
    SealedColumn("erasures", "request", ("id",), "erasure {id}", _OWN, of_connection=False),
    SealedColumn("erasure_keys", "secret", ("organization_id",), "erasure key", _OWN, of_connection=False),
)  # fmt: skip
