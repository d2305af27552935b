"""Pages of records, at a cost that does not grow with how many there are.

A page is found in one of three ways, whatever the filter and however rare or common its values:

    seek    some condition pins a column to a few values: walk the index of each value in the order
            of the list, and merge. Costs a page, at any place of the list.
    walk    follow the order of the list and keep what fits. Good when much fits; given up after
            some thousands of rows.
    gather  collect all that fits from an index that holds the column, then sort. Good when little
            fits, which is what a given-up walk has shown.

A column with few distinct values turns `neq`, `nin`, `contains` and `not_contains` into the values
that remain: then a seek answers those too.
"""

from dataclasses import dataclass

from crossdock.resources.schema import Kind, Resource
from crossdock.store.engine import Database, Row
from crossdock.store.query import Condition, Found, Query, Value
from crossdock.store.tables import record_columns

WALK = 4000
"""Rows that a walk looks at before it gives up: about what a page costs to read."""
FEW = 64
"""A column with at most so many distinct values is asked for them."""

_COMPARISONS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_SEEKS = ("eq", "eq-insensitive", "in", "in-insensitive")


@dataclass(frozen=True)
class Clause:
    """A piece of a WHERE, with its values."""

    sql: str
    values: tuple[object, ...]


@dataclass(frozen=True)
class _List:
    """One request for a page, with what does not change on the way to it."""

    database: Database
    resource: Resource
    connection_id: int
    query: Query

    @property
    def table(self) -> str:
        return self.resource.key

    @property
    def keys(self) -> str:
        """What the list is ordered by, and what a page's last record is remembered by."""
        return f"{self.query.order}, id" if self.query.order else "id"

    def base(self) -> list[Clause]:
        """What every row of the page meets, whatever the filters: the tenant first."""
        found = [Clause("connection_id = ?", (self.connection_id,))]
        if self.resource.parent:
            found.append(Clause(f"{self.resource.parent} = ?", (self.query.parent,)))
        return found

    def begin(self) -> list[Clause]:
        """Where the page begins."""
        after = self.query.after
        if after is None:
            return []
        if self.query.order:
            return [Clause(f"({self.query.order}, id) > (?, ?)", tuple(after))]
        return [Clause("id > ?", tuple(after))]

    def clauses(self, conditions: list[Condition]) -> list[Clause]:
        return [clause(self.database, self.resource, self.connection_id, one) for one in conditions]

    async def fetch(self, clauses: list[Clause]) -> list[Row]:
        """Keys of a page of rows that meet the clauses, in order; one more than asked for tells of a next."""
        where = " AND ".join(one.sql for one in clauses)
        values = [value for one in clauses for value in one.values]
        return await self.database.fetch(
            f"SELECT {self.keys} FROM {self.table} WHERE {where} ORDER BY {self.keys} LIMIT ?",
            *values, self.query.limit + 1,
        )  # fmt: skip


async def page(database: Database, resource: Resource, connection_id: int, query: Query) -> Found:
    """A page of a connection's records."""
    wanted = _List(database, resource, connection_id, query)
    if query.ids is not None:
        return await _documents(wanted, await _by_ids(wanted, query.ids))
    conditions = [await _narrowed(wanted, one) for one in query.conditions]
    straight = _straight(wanted, conditions)
    if straight is not None:
        return await _met(wanted, straight)
    return await _documents(wanted, await _keys(wanted, conditions))


def _straight(wanted: _List, conditions: list[Condition]) -> list[Clause] | None:
    """The conditions as SQL, if one index holds just what meets them, in the order of the list."""
    if wanted.query.order:
        is_range = {one.column for one in conditions} == {wanted.query.order}
        return wanted.clauses(conditions) if is_range else None
    if not conditions:
        return []
    [one, *others] = conditions
    values = [] if others or one.operator not in _SEEKS else _sought(one)
    return [_equal(_sought_column(one), values[0])] if len(values) == 1 else None


async def _met(wanted: _List, conditions: list[Clause]) -> Found:
    """The documents as the index leads to them."""
    where = _all_of([*wanted.base(), *conditions, *wanted.begin()])
    return await wanted.database.page(
        f"SELECT document, {wanted.keys} FROM {wanted.table} WHERE {where.sql} ORDER BY {wanted.keys}",
        where.values, wanted.query.limit,
    )  # fmt: skip


def _all_of(clauses: list[Clause]) -> Clause:
    sql = " AND ".join(one.sql for one in clauses)
    return Clause(sql, tuple(value for one in clauses for value in one.values))


async def _documents(wanted: _List, keys: list[Row]) -> Found:
    """The documents of the keys, in their order."""
    limit = wanted.query.limit
    after = tuple(keys[limit - 1]) if len(keys) > limit else None
    listed, in_order, bound = wanted.database.listed([key[-1] for key in keys[:limit]])
    found = await wanted.database.page(
        f"SELECT r.document FROM {listed} CROSS JOIN {wanted.table} r "
        f"WHERE r.connection_id = ? AND r.id = listed.value{in_order}",
        (bound, wanted.connection_id), limit + 1,
    )  # fmt: skip
    return Found(found.spliced, found.count, after)


async def _by_ids(wanted: _List, ids: tuple[str, ...]) -> list[Row]:
    condition, bound = wanted.database.one_of("id", dict.fromkeys(ids))
    return await wanted.fetch([*wanted.base(), Clause(condition, (bound,)), *wanted.begin()])


async def _keys(wanted: _List, conditions: list[Condition]) -> list[Row]:
    """The keys of the page, by the cheapest of the three ways that will do."""
    clauses = wanted.clauses(conditions)
    if wanted.query.order is None:
        driver = _driver(wanted.resource, conditions)
        if driver is not None:
            return await _seek(wanted, conditions[driver], [c for n, c in enumerate(clauses) if n != driver])
    ranges = [c for one, c in zip(conditions, clauses, strict=True) if one.column == wanted.query.order]
    rest = [c for one, c in zip(conditions, clauses, strict=True) if one.column != wanted.query.order]
    walked = await _walk(wanted, ranges, rest)
    return walked if walked is not None else await _gather(wanted, clauses)


def _driver(resource: Resource, conditions: list[Condition]) -> int | None:
    """Which condition to seek by: of those that pin a column, the one that usually pins it hardest."""
    hardness = {Kind.TEXT: 0, Kind.TIME: 1, Kind.TAGS: 2, Kind.CHOICE: 3, Kind.FLAG: 4}
    found = [
        (hardness[resource.filters[one.column].kind], len(one.values), number)
        for number, one in enumerate(conditions)
        if one.operator in _SEEKS or (one.operator == "contains" and one.column == "trackstar_tags")
    ]
    return min(found)[2] if found else None


async def _seek(wanted: _List, by: Condition, others: list[Clause]) -> list[Row]:
    """One walk for each value, through the index of the column, merged."""
    values = _sought(by)
    if not values:
        return []
    if by.column == "trackstar_tags":
        return await _seek_tags(wanted, values, others)
    column = _sought_column(by)
    walks = [_all_of([*wanted.base(), _equal(column, one), *others, *wanted.begin()]) for one in values]
    # Each comes in order, so the database merges them and stops at the limit.
    union = " UNION ALL ".join(f"SELECT id FROM {wanted.table} WHERE {one.sql}" for one in walks)
    return await wanted.database.fetch(
        f"{union} ORDER BY id LIMIT ?",
        *(bound for one in walks for bound in one.values), wanted.query.limit + 1,
    )  # fmt: skip


def _sought(by: Condition) -> list[Value | None]:
    """The values that a column is pinned to, as they are stored, each once."""
    is_folded = by.operator.endswith("-insensitive")
    return list(dict.fromkeys(_folded(one) if is_folded else _stored(one) for one in by.values))


def _sought_column(by: Condition) -> str:
    return f"{by.column}_folded" if by.operator.endswith("-insensitive") else by.column


async def _seek_tags(wanted: _List, tags: list[Value | None], others: list[Clause]) -> list[Row]:
    """The same through the table of tags. A record is met once for each of its tags: once is enough."""
    walks = [_all_of(_tagged(wanted, str(tag), others)) for tag in tags]
    branch = "SELECT id FROM (SELECT id FROM record_tags t WHERE {} ORDER BY id LIMIT ?) AS branch"
    union = " UNION ALL ".join(branch.format(one.sql) for one in walks)
    limit = wanted.query.limit + 1
    return await wanted.database.fetch(
        f"SELECT DISTINCT id FROM ({union}) AS found ORDER BY id LIMIT ?",
        *(bound for one in walks for bound in (*one.values, limit)), limit,
    )  # fmt: skip


def _equal(column: str, value: object) -> Clause:
    return Clause(f"{column} IS NULL", ()) if value is None else Clause(f"{column} = ?", (value,))


def _tagged(wanted: _List, tag: str, others: list[Clause]) -> list[Clause]:
    """What a row of `record_tags` meets for one tag; further conditions look at the record itself."""
    found = [
        Clause("t.connection_id = ?", (wanted.connection_id,)),
        Clause("t.resource = ?", (wanted.resource.key,)),
        Clause("t.tag = ?", (tag,)),
        *wanted.begin(),
    ]
    inner = [*wanted.base(), *others]
    where = " AND ".join(one.sql for one in inner)
    values = tuple(bound for one in inner for bound in one.values)
    return [
        *found,
        Clause(f"EXISTS (SELECT 1 FROM {wanted.table} WHERE {where} AND {wanted.table}.id = t.id)", values),
    ]


async def _walk(wanted: _List, ranges: list[Clause], rest: list[Clause]) -> list[Row] | None:
    """Keeps what fits of the next rows in order; None when too little of them did."""
    inner, fitting = _all_of([*wanted.base(), *ranges, *wanted.begin()]), _all_of(rest)
    next_rows = f"FROM {wanted.table} WHERE {inner.sql} ORDER BY {wanted.keys} LIMIT ?"
    # Named columns: the documents of all these rows are not to be read.
    columns = ", ".join(["connection_id", "id", *record_columns(wanted.resource)])
    rows = await wanted.database.fetch(
        # What the inner SELECT gives keeps its order. Told to sort, SQLite would not stop at the limit.
        f"SELECT {wanted.keys} FROM (SELECT {columns} {next_rows}) AS {wanted.table} "
        f"WHERE {fitting.sql} LIMIT ?",
        *inner.values, WALK, *fitting.values, wanted.query.limit + 1,
    )  # fmt: skip
    if len(rows) > wanted.query.limit:
        return rows
    [(seen,)] = await wanted.database.fetch(
        f"SELECT count(*) FROM (SELECT id {next_rows}) AS seen", *inner.values, WALK
    )
    return rows if seen < WALK else None


async def _gather(wanted: _List, clauses: list[Clause]) -> list[Row]:
    """All that fits, from whichever index the database finds cheapest, then sorted."""
    everything = [*wanted.base(), *clauses, *wanted.begin()]
    where = " AND ".join(one.sql for one in everything)
    return await wanted.database.fetch(
        f"WITH fitting AS MATERIALIZED (SELECT {wanted.keys} FROM {wanted.table} WHERE {where}) "
        f"SELECT {wanted.keys} FROM fitting ORDER BY {wanted.keys} LIMIT ?",
        *(value for one in everything for value in one.values), wanted.query.limit + 1,
    )  # fmt: skip


async def _narrowed(wanted: _List, condition: Condition) -> Condition:
    """The condition as the values that meet it, where its column has few."""
    column = wanted.resource.filters[condition.column]
    countable = column.kind in (Kind.TEXT, Kind.CHOICE) and condition.operator not in _SEEKS
    if not countable or wanted.query.order is not None or condition.operator in _COMPARISONS:
        return condition
    distinct = await _distinct(wanted, condition.column)
    if distinct is None:
        return condition
    fitting: list[Value | None] = [value for value in distinct if fits(condition, value)]
    if condition.operator in ("neq", "nin", "not_contains"):
        fitting.append(None)
    return Condition(condition.column, "in", tuple(fitting))


async def _distinct(wanted: _List, column: str) -> list[str] | None:
    """The values that the column has in this connection, by leaps through its index; None: too many."""
    table = wanted.table
    rows = await wanted.database.fetch(
        f"WITH RECURSIVE leap(value, n) AS ("
        f"SELECT * FROM (SELECT {column}, 1 FROM {table} WHERE connection_id = ? AND {column} IS NOT NULL "
        f"ORDER BY {column} LIMIT 1) AS first UNION ALL "
        f"SELECT (SELECT {column} FROM {table} WHERE connection_id = ? AND {column} > leap.value "
        f"ORDER BY {column} LIMIT 1), n + 1 FROM leap WHERE leap.value IS NOT NULL AND n <= ?) "
        "SELECT value FROM leap WHERE value IS NOT NULL",
        wanted.connection_id, wanted.connection_id, FEW,
    )  # fmt: skip
    return None if len(rows) > FEW else [row[0] for row in rows]


def fits(condition: Condition, value: str) -> bool:
    """Whether a text meets a condition on it that is not an ordering."""
    operator, wanted = condition.operator, [str(one) for one in condition.values]
    if operator in ("neq", "nin"):
        return value not in wanted
    if operator == "contains-insensitive":
        return wanted[0].casefold() in value.casefold()
    return (wanted[0] in value) == (operator == "contains")


def clause(database: Database, resource: Resource, connection_id: int, condition: Condition) -> Clause:
    """A condition as SQL."""
    column = condition.column
    kind = resource.filters[column].kind
    if kind is Kind.TAGS:
        return _tag_clause(database, resource, connection_id, condition)
    insensitive = condition.operator.endswith("-insensitive")
    operator = condition.operator.removesuffix("-insensitive")
    values = tuple(_folded(one) if insensitive else _stored(one) for one in condition.values)
    if insensitive:
        column = f"{column}_folded"
    if operator in _COMPARISONS:
        return Clause(f"{column} {_COMPARISONS[operator]} ?", values)
    if operator == "in":
        return _in(database, column, kind, values)
    if operator in ("neq", "nin"):
        excluded = _in(database, column, kind, values)
        return Clause(f"({column} IS NULL OR NOT {excluded.sql})", excluded.values)
    if operator == "contains":
        return Clause(database.contains(column), values)
    return Clause(f"({column} IS NULL OR NOT {database.contains(column)})", values)


def _in(database: Database, column: str, kind: Kind, values: tuple[object, ...]) -> Clause:
    known = tuple(one for one in values if one is not None)
    if values == known and len(known) == 1:
        return Clause(f"{column} = ?", known)
    null = f" OR {column} IS NULL" if None in values else ""
    if kind is Kind.TIME:
        return Clause(f"({column} IN ({', '.join('?' * len(known))}))", known)
    sql, bound = database.one_of(column, [str(one) for one in known])
    return Clause(f"({sql}{null})", (bound,))


def _tag_clause(database: Database, resource: Resource, connection_id: int, condition: Condition) -> Clause:
    sql, bound = database.one_of("g.tag", [str(one) for one in condition.values])
    negation = "NOT " if condition.operator == "not_contains" else ""
    return Clause(
        f"{negation}EXISTS (SELECT 1 FROM record_tags g WHERE g.connection_id = ? AND g.resource = ? "
        f"AND g.id = {resource.key}.id AND {sql})",
        (connection_id, resource.key, bound),
    )


def _stored(value: Value | None) -> Value | None:
    """Flags are kept as 0 and 1."""
    return int(value) if isinstance(value, bool) else value


def _folded(value: Value | None) -> Value | None:
    return value.casefold() if isinstance(value, str) else value
