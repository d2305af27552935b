"""Which integrations organizations ask for. Asking for the same again changes what is kept of it."""

from dataclasses import astuple, dataclass

from crossdock.store.database.engine import Database, Row

MOST = 1000
"""Per organization."""


@dataclass(frozen=True)
class IntegrationRequestRow:
    """One wish for an integration. type "": not said."""

    id: str
    organization_id: str
    type: str
    name: str
    url: str | None
    note: str | None
    created_ms: int
    updated_ms: int


_COLUMNS = "id, organization_id, type, name, url, note, created_ms, updated_ms"


async def upsert(
    database: Database, integration_request: IntegrationRequestRow
) -> IntegrationRequestRow | None:
    """The request as it is kept, under the id and date of its first time. None: there are too many."""
    async with database.transaction() as transaction:
        await transaction.in_turn(f"integration requests of {integration_request.organization_id}")
        folded = integration_request.name.casefold()
        same_items = await transaction.fetch_one(
            "SELECT id FROM integration_requests WHERE organization_id = ? AND type = ? AND folded_name = ?",
            integration_request.organization_id,
            integration_request.type,
            folded,
        )
        count = await transaction.fetch_one(
            "SELECT count(*) FROM integration_requests WHERE organization_id = ?",
            integration_request.organization_id,
        )
        if same_items is None and count is not None and count[0] >= MOST:
            return None
        row = await transaction.fetch_one(
            f"INSERT INTO integration_requests ({_COLUMNS}, folded_name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (organization_id, type, folded_name) DO UPDATE SET name = excluded.name, "
            "url = COALESCE(excluded.url, integration_requests.url), "
            "note = COALESCE(excluded.note, integration_requests.note), updated_ms = excluded.updated_ms "
            f"RETURNING {_COLUMNS}",
            *astuple(integration_request),
            folded,
        )
    return None if row is None else _request(row)


async def every(database: Database) -> list[tuple[IntegrationRequestRow, str]]:
    """All requests, oldest first, each with the name of its organization."""
    rows = await database.fetch(
        f"SELECT {', '.join(f'r.{name}' for name in _COLUMNS.split(', '))}, o.name "
        "FROM integration_requests r JOIN organizations o ON o.id = r.organization_id ORDER BY r.id"
    )
    return [(_request(row[:-1]), str(row[-1])) for row in rows]


def _request(row: Row) -> IntegrationRequestRow:
    return IntegrationRequestRow(*row)
