"""Connections of an organization as its people look for them: how many, which have problems, which fit."""

from dataclasses import dataclass

from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database

_PROBLEM = "EXISTS (SELECT 1 FROM connection_errors e WHERE e.connection_id = c.id)"


@dataclass(frozen=True)
class ConnectionSearch:
    """The connections that are wanted. text: part of an id, a customer's id or an integration; "": any.

    only: the one integration; without: an integration that is left out; customers: of these, None: of none.
    """

    organization_id: str
    text: str = ""
    integration_type: str = ""
    only_problems: bool = False
    only: str = ""
    without: str = ""
    customers: tuple[str | None, ...] = ()

    def where(self) -> tuple[str, list[object]]:
        """The condition in SQL, of connections `c`, and its values."""
        clauses, values = ["c.organization_id = ?", "c.deleted_ms IS NULL"], [self.organization_id]
        if self.integration_type:
            clauses.append("c.type = ?")
            values.append(self.integration_type)
        if self.only:
            clauses.append("c.integration = ?")
            values.append(self.only)
        if self.without:
            clauses.append("c.integration <> ?")
            values.append(self.without)
        if self.customers:
            clauses.append(f"({' OR '.join(map(_is_customer, self.customers))})")
            values += [customer for customer in self.customers if customer is not None]
        if self.text:
            fields = ("c.uid", "coalesce(c.customer_id, '')", "c.integration")
            clauses.append(f"({' OR '.join(f'lower({field}) LIKE ? ESCAPE ?' for field in fields)})")
            values += [_part(self.text), "\\"] * len(fields)
        if self.only_problems:
            clauses.append(_PROBLEM)
        return " AND ".join(clauses), [*values]


def _is_customer(customer_id: str | None) -> str:
    return "c.customer_id IS NULL" if customer_id is None else "c.customer_id = ?"


def _part(text: str) -> str:
    """The pattern of a text that is somewhere in another."""
    escaped = text.lower().replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


async def counts(database: Database, search: ConnectionSearch) -> tuple[int, int]:
    """The number of connections that fit, and of those that have a problem."""
    where, values = search.where()
    row = await database.fetch_one(
        f"SELECT count(*), coalesce(sum(CASE WHEN {_PROBLEM} THEN 1 ELSE 0 END), 0) "
        f"FROM connections c WHERE {where}",
        *values,
    )
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


async def fitting(
    database: Database, search: ConnectionSearch, after: int, limit: int
) -> list[ConnectionRow]:
    """The connections that fit, oldest first, after the one with this number."""
    where, values = search.where()
    rows = await database.fetch(
        f"SELECT c.id FROM connections c WHERE {where} AND c.id > ? ORDER BY c.id LIMIT ?",
        *values, after, limit,
    )  # fmt: skip
    by_id = await connections.by_ids(database, [row[0] for row in rows])
    return [by_id[row[0]] for row in rows if row[0] in by_id]


async def by_integration(database: Database, organization_id: str) -> list[tuple[str, str, int]]:
    """How many connections an organization has, by their type and integration."""
    rows = await database.fetch(
        "SELECT type, integration, count(*) FROM connections "
        "WHERE organization_id = ? AND deleted_ms IS NULL "
        "GROUP BY type, integration ORDER BY type, integration",
        organization_id,
    )
    return [(row[0], row[1], int(row[2])) for row in rows]
