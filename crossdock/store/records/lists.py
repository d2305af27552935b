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
from crossdock.store.database.engine import Database, Row
from crossdock.store.records.packing import unpacked
from crossdock.store.records.query import RecordCondition, RecordPage, RecordQuery, Value
from crossdock.store.schema.records import record_columns

WALK = 4000
"""Rows that a walk looks at before it gives up: about what a page costs to read."""
FEW = 64
"""A column with at most so many distinct values is asked for them."""

_COMPARISONS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_SEEKS = ("eq", "eq-insensitive", "in", "in-insensitive")


@dataclass(frozen=True)
class SqlClause:
    """A piece of a WHERE, with its values."""

    sql: str
    values: tuple[object, ...]


@dataclass(frozen=True)
class _List:
    """One request for a page, with what does not change on the way to it."""

    database: Database
    resource: Resource
    connection_id: int
    query: RecordQuery

    @property
    def table(self) -> str:
        return self.resource.key

    @property
    def keys(self) -> str:
        """The columns that the list is ordered by, and that a page's last record is remembered by."""
        return f"{self.query.order}, id" if self.query.order else "id"

    def base(self) -> list[SqlClause]:
        """The clauses that every row of the page meets, whatever the filters: the tenant first."""
        sql_clauses = [SqlClause("connection_id = ?", (self.connection_id,))]
        if self.resource.parent:
            sql_clauses.append(SqlClause(f"{self.resource.parent} = ?", (self.query.parent,)))
        return sql_clauses

    def begin(self) -> list[SqlClause]:
        """The beginning of the page, as clauses; none for the first page."""
        after = self.query.after
        if after is None:
            return []
        if self.query.order:
            return [SqlClause(f"({self.query.order}, id) > (?, ?)", tuple(after))]
        return [SqlClause("id > ?", tuple(after))]

    def clauses(self, conditions: list[RecordCondition]) -> list[SqlClause]:
        return [
            clause(self.database, self.resource, self.connection_id, condition) for condition in conditions
        ]

    async def fetch(self, clauses: list[SqlClause]) -> list[Row]:
        """Keys of a page of rows that meet the clauses, in order; one more than asked for tells of a next."""
        where = " AND ".join(sql_clause.sql for sql_clause in clauses)
        values = [value for sql_clause in clauses for value in sql_clause.values]
        return await self.database.fetch(
            f"SELECT {self.keys} FROM {self.table} WHERE {where} ORDER BY {self.keys} LIMIT ?",
            *values,
            self.query.limit + 1,
        )


async def page(database: Database, resource: Resource, connection_id: int, query: RecordQuery) -> RecordPage:
    """A page of a connection's records."""
    value = _List(database, resource, connection_id, query)
    if query.ids is not None:
        return await _documents(value, await _by_ids(value, query.ids))
    conditions = [await _narrowed(value, condition) for condition in query.conditions]
    straight = _straight(value, conditions)
    if straight is not None:
        return await _met(value, straight)
    return await _documents(value, await _keys(value, conditions))


def _straight(value: _List, conditions: list[RecordCondition]) -> list[SqlClause] | None:
    """The conditions as SQL, if one index holds just what meets them, in the order of the list."""
    if value.query.order:
        is_range = {condition.column for condition in conditions} == {value.query.order}
        return value.clauses(conditions) if is_range else None
    if not conditions:
        return []
    [record_condition, *other_record_conditions] = conditions
    values = (
        []
        if other_record_conditions or record_condition.operator not in _SEEKS
        else _pinned_values(record_condition)
    )
    return [_equal(_sought_column(record_condition), values[0])] if len(values) == 1 else None


async def _met(value: _List, conditions: list[SqlClause]) -> RecordPage:
    """The documents as the index leads to them."""
    where = _all_of([*value.base(), *conditions, *value.begin()])
    return await _page(
        value,
        f"SELECT document, {value.keys} FROM {value.table} WHERE {where.sql} ORDER BY {value.keys}",
        where.values,
        value.query.limit,
    )


async def _page(value: _List, rows: str, values: tuple[object, ...], limit: int) -> RecordPage:
    """The first rows of a SELECT of documents and their keys; packed documents go through our hands."""
    if not value.resource.bulky:
        return await value.database.page(rows, values, limit)
    found = await value.database.fetch(f"{rows} LIMIT ?", *values, limit + 1)
    documents = await unpacked(value.database, [row[0] for row in found[:limit]])
    return RecordPage.of(documents, tuple(found[limit - 1])[1:] if len(found) > limit else None)


def _all_of(clauses: list[SqlClause]) -> SqlClause:
    sql = " AND ".join(sql_clause.sql for sql_clause in clauses)
    return SqlClause(sql, tuple(value for sql_clause in clauses for value in sql_clause.values))


async def _documents(value: _List, keys: list[Row]) -> RecordPage:
    """The documents of the keys, in their order."""
    limit = value.query.limit
    after = tuple(keys[limit - 1]) if len(keys) > limit else None
    listed, in_order, bound = value.database.ordered_texts([key[-1] for key in keys[:limit]])
    record_page = await _page(
        value,
        f"SELECT r.document FROM {listed} CROSS JOIN {value.table} r "
        f"WHERE r.connection_id = ? AND r.id = listed.value{in_order}",
        (bound, value.connection_id),
        limit + 1,
    )
    return RecordPage(record_page.spliced, record_page.count, after)


async def _by_ids(value: _List, ids: tuple[str, ...]) -> list[Row]:
    condition, bound = value.database.one_of("id", dict.fromkeys(ids))
    return await value.fetch([*value.base(), SqlClause(condition, (bound,)), *value.begin()])


async def _keys(value: _List, conditions: list[RecordCondition]) -> list[Row]:
    """The keys of the page, by the cheapest of the three ways that will do."""
    clauses = value.clauses(conditions)
    if value.query.order is None:
        driver = _driver(value.resource, conditions)
        if driver is not None:
            return await _seek(value, conditions[driver], [c for n, c in enumerate(clauses) if n != driver])
    ranges = [
        c for condition, c in zip(conditions, clauses, strict=True) if condition.column == value.query.order
    ]
    remaining_sql_clauses = [
        c for condition, c in zip(conditions, clauses, strict=True) if condition.column != value.query.order
    ]
    walked = await _walk(value, ranges, remaining_sql_clauses)
    return walked if walked is not None else await _gather(value, clauses)


def _driver(resource: Resource, conditions: list[RecordCondition]) -> int | None:
    """The place of the condition to seek by: the one that usually pins its column hardest."""
    hardness = {Kind.TEXT: 0, Kind.TIME: 1, Kind.TAGS: 2, Kind.CHOICE: 3, Kind.FLAG: 4}
    numbers = [
        (hardness[resource.filters[condition.column].kind], len(condition.values), number)
        for number, condition in enumerate(conditions)
        if condition.operator in _SEEKS
        or (condition.operator == "contains" and condition.column == "trackstar_tags")
    ]
    return min(numbers)[2] if numbers else None


async def _seek(value: _List, by: RecordCondition, other_sql_clauses: list[SqlClause]) -> list[Row]:
    """One walk for each value, through the index of the column, merged."""
    values = _pinned_values(by)
    if not values:
        return []
    if by.column == "trackstar_tags":
        return await _seek_tags(value, values, other_sql_clauses)
    column = _sought_column(by)
    walks = [
        _all_of([*value.base(), _equal(column, current_value), *other_sql_clauses, *value.begin()])
        for current_value in values
    ]
    # Each comes in order, so the database merges them and stops at the limit.
    union = " UNION ALL ".join(f"SELECT id FROM {value.table} WHERE {sql_clause.sql}" for sql_clause in walks)
    return await value.database.fetch(
        f"{union} ORDER BY id LIMIT ?",
        *(bound for sql_clause in walks for bound in sql_clause.values),
        value.query.limit + 1,
    )


def _pinned_values(by: RecordCondition) -> list[Value | None]:
    """The values that a column is pinned to, as they are stored, each once."""
    is_folded = by.operator.endswith("-insensitive")
    return list(dict.fromkeys(_folded(value) if is_folded else _stored(value) for value in by.values))


def _sought_column(by: RecordCondition) -> str:
    return f"{by.column}_folded" if by.operator.endswith("-insensitive") else by.column


async def _seek_tags(value: _List, tags: list[Value | None], other_sql_clauses: list[SqlClause]) -> list[Row]:
    """The same through the table of tags. A record is met once for each of its tags: once is enough."""
    walks = [_all_of(_tagged(value, str(tag), other_sql_clauses)) for tag in tags]
    branch = "SELECT id FROM (SELECT id FROM record_tags t WHERE {} ORDER BY id LIMIT ?) AS branch"
    union = " UNION ALL ".join(branch.format(sql_clause.sql) for sql_clause in walks)
    limit = value.query.limit + 1
    return await value.database.fetch(
        f"SELECT DISTINCT id FROM ({union}) AS found ORDER BY id LIMIT ?",
        *(bound for sql_clause in walks for bound in (*sql_clause.values, limit)),
        limit,
    )


def _equal(column: str, value: object) -> SqlClause:
    return SqlClause(f"{column} IS NULL", ()) if value is None else SqlClause(f"{column} = ?", (value,))


def _tagged(value: _List, tag: str, other_sql_clauses: list[SqlClause]) -> list[SqlClause]:
    """The clauses for a row of `record_tags` with one tag; further conditions look at the record itself."""
    sql_clauses = [
        SqlClause("t.connection_id = ?", (value.connection_id,)),
        SqlClause("t.resource = ?", (value.resource.key,)),
        SqlClause("t.tag = ?", (tag,)),
        *value.begin(),
    ]
    inner = [*value.base(), *other_sql_clauses]
    where = " AND ".join(sql_clause.sql for sql_clause in inner)
    values = tuple(bound for sql_clause in inner for bound in sql_clause.values)
    return [
        *sql_clauses,
        SqlClause(f"EXISTS (SELECT 1 FROM {value.table} WHERE {where} AND {value.table}.id = t.id)", values),
    ]


async def _walk(
    value: _List, ranges: list[SqlClause], remaining_sql_clauses: list[SqlClause]
) -> list[Row] | None:
    """The rows that fit among the next, in order; None when too few do."""
    inner, fitting = _all_of([*value.base(), *ranges, *value.begin()]), _all_of(remaining_sql_clauses)
    next_rows = f"FROM {value.table} WHERE {inner.sql} ORDER BY {value.keys} LIMIT ?"
    # Named columns: the documents of all these rows are not to be read.
    columns = ", ".join(["connection_id", "id", *record_columns(value.resource)])
    rows = await value.database.fetch(
        # What the inner SELECT gives keeps its order. Told to sort, SQLite would not stop at the limit.
        f"SELECT {value.keys} FROM (SELECT {columns} {next_rows}) AS {value.table} "
        f"WHERE {fitting.sql} LIMIT ?",
        *inner.values, WALK, *fitting.values, value.query.limit + 1,
    )  # fmt: skip
    if len(rows) > value.query.limit:
        return rows
    [(seen_value,)] = await value.database.fetch(
        f"SELECT count(*) FROM (SELECT id {next_rows}) AS seen", *inner.values, WALK
    )
    return rows if seen_value < WALK else None


async def _gather(value: _List, clauses: list[SqlClause]) -> list[Row]:
    """All that fits, from whichever index the database finds cheapest, then sorted."""
    everything = [*value.base(), *clauses, *value.begin()]
    where = " AND ".join(sql_clause.sql for sql_clause in everything)
    return await value.database.fetch(
        f"WITH fitting AS MATERIALIZED (SELECT {value.keys} FROM {value.table} WHERE {where}) "
        f"SELECT {value.keys} FROM fitting ORDER BY {value.keys} LIMIT ?",
        *(value for sql_clause in everything for value in sql_clause.values),
        value.query.limit + 1,
    )


async def _narrowed(value: _List, condition: RecordCondition) -> RecordCondition:
    """The condition as the values that meet it, where its column has few."""
    column = value.resource.filters[condition.column]
    countable = column.kind in (Kind.TEXT, Kind.CHOICE) and condition.operator not in _SEEKS
    if not countable or value.query.order is not None or condition.operator in _COMPARISONS:
        return condition
    distinct = await _distinct(value, condition.column)
    if distinct is None:
        return condition
    fitting: list[Value | None] = [value for value in distinct if fits(condition, value)]
    if condition.operator in ("neq", "nin", "not_contains"):
        fitting.append(None)
    return RecordCondition(condition.column, "in", tuple(fitting))


async def _distinct(value: _List, column: str) -> list[str] | None:
    """The values that the column has in this connection, by leaps through its index; None: too many."""
    table = value.table
    rows = await value.database.fetch(
        f"WITH RECURSIVE leap(value, n) AS ("
        f"SELECT * FROM (SELECT {column}, 1 FROM {table} WHERE connection_id = ? AND {column} IS NOT NULL "
        f"ORDER BY {column} LIMIT 1) AS first UNION ALL "
        f"SELECT (SELECT {column} FROM {table} WHERE connection_id = ? AND {column} > leap.value "
        f"ORDER BY {column} LIMIT 1), n + 1 FROM leap WHERE leap.value IS NOT NULL AND n <= ?) "
        "SELECT value FROM leap WHERE value IS NOT NULL",
        value.connection_id,
        value.connection_id,
        FEW,
    )
    return None if len(rows) > FEW else [row[0] for row in rows]


def fits(condition: RecordCondition, value: str) -> bool:
    """Check whether a text meets a condition on it that is not an ordering."""
    operator, texts = condition.operator, [str(value) for value in condition.values]
    if operator in ("neq", "nin"):
        return value not in texts
    if operator == "contains-insensitive":
        return texts[0].casefold() in value.casefold()
    return (texts[0] in value) == (operator == "contains")


def clause(
    database: Database, resource: Resource, connection_id: int, condition: RecordCondition
) -> SqlClause:
    """A condition as SQL."""
    column = condition.column
    kind = resource.filters[column].kind
    if kind is Kind.TAGS:
        return _tag_clause(database, resource, connection_id, condition)
    insensitive = condition.operator.endswith("-insensitive")
    operator = condition.operator.removesuffix("-insensitive")
    values = tuple(_folded(value) if insensitive else _stored(value) for value in condition.values)
    if insensitive:
        column = f"{column}_folded"
    if operator in _COMPARISONS:
        return SqlClause(f"{column} {_COMPARISONS[operator]} ?", values)
    if operator == "in":
        return _in(database, column, kind, values)
    if operator in ("neq", "nin"):
        excluded = _in(database, column, kind, values)
        return SqlClause(f"({column} IS NULL OR NOT {excluded.sql})", excluded.values)
    if operator == "contains":
        return SqlClause(database.contains(column), values)
    return SqlClause(f"({column} IS NULL OR NOT {database.contains(column)})", values)


def _in(database: Database, column: str, kind: Kind, values: tuple[object, ...]) -> SqlClause:
    known_values = tuple(value for value in values if value is not None)
    if values == known_values and len(known_values) == 1:
        return SqlClause(f"{column} = ?", known_values)
    null = f" OR {column} IS NULL" if None in values else ""
    if kind is Kind.TIME:
        return SqlClause(f"({column} IN ({', '.join('?' * len(known_values))}))", known_values)
    sql, bound = database.one_of(column, [str(value) for value in known_values])
    return SqlClause(f"({sql}{null})", (bound,))


def _tag_clause(
    database: Database, resource: Resource, connection_id: int, condition: RecordCondition
) -> SqlClause:
    sql, bound = database.one_of("g.tag", [str(value) for value in condition.values])
    negation = "NOT " if condition.operator == "not_contains" else ""
    return SqlClause(
        f"{negation}EXISTS (SELECT 1 FROM record_tags g WHERE g.connection_id = ? AND g.resource = ? "
        f"AND g.id = {resource.key}.id AND {sql})",
        (connection_id, resource.key, bound),
    )


def _stored(value: Value | None) -> Value | None:
    """Flags are kept as 0 and 1."""
    return int(value) if isinstance(value, bool) else value


def _folded(value: Value | None) -> Value | None:
    return value.casefold() if isinstance(value, str) else value
