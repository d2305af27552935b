"""Where else people can stand: every table of the store, and how rows are known to be of an organization.

A new table is walked as soon as it stands in PLACES, or is kept for the reason in KEPT; a test refuses one
that is in neither.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from sqlalchemy import LargeBinary, String

from crossdock.store.database.sealed_columns import SEALED_COLUMNS, SealedColumn
from crossdock.store.schema.tables import metadata

OF_CONNECTION = "t.connection_id IN (SELECT c.id FROM connections c WHERE c.organization_id = ?)"
OF_ORGANIZATION = "t.organization_id = ?"
_OF_APPLICATION = (
    "t.application_id IN (SELECT a.id FROM webhook_apps a WHERE a.organization_id = ? "
    "UNION ALL SELECT o.id FROM organizations o WHERE o.id = ?)"
)
_OF_ENDPOINT = "t.endpoint IN (SELECT e.number FROM webhook_endpoints e WHERE e.organization_id = ?)"

PLACES = {
    "quarantine": OF_CONNECTION,
    "connection_errors": OF_CONNECTION,
    "raw_records": OF_CONNECTION,
    "events": OF_ORGANIZATION,
    "writes": OF_CONNECTION,
    "schedules": OF_CONNECTION,
    "runs": OF_CONNECTION,
    "jobs": OF_CONNECTION,
    "seen_files": OF_CONNECTION,
    "received_files": OF_CONNECTION,
    "carrier_invoices": OF_CONNECTION,
    "invoice_files": OF_CONNECTION,
    "order_rows": OF_CONNECTION,
    "charges": OF_CONNECTION,
    "findings": OF_CONNECTION,
    "api_calls": OF_ORGANIZATION,
    "integration_requests": OF_ORGANIZATION,
    "webhook_messages": _OF_APPLICATION,
    "webhook_attempts": _OF_ENDPOINT,
    "webhook_answers": OF_ORGANIZATION,
    "webhook_tasks": OF_ORGANIZATION,
    "alert_problems": OF_ORGANIZATION,
    "alerts": OF_ORGANIZATION,
}
"""SQL for which rows of a table are an organization's: `t` is the row, each mark its id."""

_ACCOUNT = "how the organization works with us, not what its systems say of people"
_NUMBERS = "ids and numbers only"
KEPT = {
    "history": "rewritten with its record",
    "gone": "rewritten with its record",
    "record_tags": "rewritten with its record",
    "notices": _NUMBERS,
    "organizations": _ACCOUNT,
    "connections": _ACCOUNT,
    "api_keys": _ACCOUNT,
    "data_keys": _ACCOUNT,
    "old_data_keys": _ACCOUNT,
    "sign_ins": _ACCOUNT,
    "sessions": _ACCOUNT,
    "oauth_flows": _ACCOUNT,
    "inbound_subscriptions": _ACCOUNT,
    "webhook_apps": _ACCOUNT,
    "webhook_endpoints": _ACCOUNT,
    "webhook_event_types": _ACCOUNT,
    "webhook_handovers": _ACCOUNT,
    "portal_tokens": _ACCOUNT,
    "alert_channels": _ACCOUNT,
    "retired_tokens": _ACCOUNT,
    "link_tokens": _ACCOUNT,
    "auth_codes": _NUMBERS,
    "magic_links": _ACCOUNT,
    "link_flows": _ACCOUNT,
    "branding": _ACCOUNT,
    "oauth_apps": _ACCOUNT,
    "users": _ACCOUNT,
    "memberships": _ACCOUNT,
    "user_sessions": _ACCOUNT,
    "recovery_codes": _ACCOUNT,
    "invitations": _ACCOUNT,
    "sign_in_links": _ACCOUNT,
    "sign_in_failures": _NUMBERS,
    "sign_on_settings": _ACCOUNT,
    "sign_on_flows": _ACCOUNT,
    "sign_on_identities": _ACCOUNT,
    "audit_prunings": _NUMBERS,
    "alert_positions": _NUMBERS,
    "alert_signals": _NUMBERS,
    "alert_notices": _NUMBERS,
    "alert_leases": _NUMBERS,
    "audit_log": "nobody changes it, and it holds no values of records",
    "erasures": "the proof",
    "erasure_keys": "the proof",
    "erased_identities": "the proof",
    "webhook_deliveries": _NUMBERS,
    "webhook_message_tags": "labels of messages, which the sender chose",
    "endpoint_throttles": _NUMBERS,
    "ledger_balances": _NUMBERS,
    "horizons": _NUMBERS,
    "on_demand": _NUMBERS,
    "seen": _NUMBERS,
    "file_items": _NUMBERS,
    "trackings": _NUMBERS,
    "followed": _NUMBERS,
    "audits": _NUMBERS,
    "spend": _NUMBERS,
    "finding_sums": _NUMBERS,
    "audit_settings": _NUMBERS,
    "rate_cards": "prices that the organization agreed with its carrier",
    "finding_claims": "notes of people here, about charges",
    "shapes": "names of fields and of columns of files, without a value",
    "vendor_slots": _NUMBERS,
    "vendor_calls": _NUMBERS,
    "numbered_ledgers": _NUMBERS,
    "numbered_items": _NUMBERS,
    "numbered_events": _NUMBERS,
}
"""Tables that no erasure changes by itself, each with the reason."""


_TELL_NOTHING = ("_id", "digest", "sha256", "state", "status", "object")


@dataclass(frozen=True)
class Place:
    """A table that is walked: the columns that tell rows apart, and those that hold texts or bytes."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    sealed: tuple[SealedColumn, ...]
    condition: str

    @property
    def of_connection(self) -> bool:
        """Check whether its rows are a connection's."""
        return self.condition == OF_CONNECTION


@cache
def places() -> tuple[Place, ...]:
    """The tables to walk, in the order in which they are walked."""
    return tuple(_places())


def _places() -> Iterator[Place]:
    for name, condition in PLACES.items():
        table = metadata.tables[name]
        sealed = tuple(c for c in SEALED_COLUMNS if c.table == name and c.holds_people)
        hidden = {c.column for c in SEALED_COLUMNS if c.table == name and c.condition == "TRUE"}
        key = tuple(column.name for column in table.primary_key.columns)
        columns = tuple(
            column.name
            for column in table.columns
            if isinstance(column.type, String | LargeBinary) and _may_tell(column.name, (*key, *hidden))
        )
        yield Place(name, key, columns, sealed, condition)


def _may_tell(name: str, others: Iterable[str]) -> bool:
    """Check whether a column may tell of a person: ids, hashes and states do not."""
    return name not in others and not name.endswith(_TELL_NOTHING)
