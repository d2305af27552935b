"""What the audit of charges finds, as it is stored and listed."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from crossdock.store.carriers import claims
from crossdock.store.database.engine import Database, Transaction

SCALE = 10_000
"""Amounts are sorted and compared as whole numbers of ten-thousandths."""


@dataclass(frozen=True)
class StoredFinding:
    """A finding. `amount` is a decimal text, `detail` JSON, dates are seconds, 0 where none is known."""

    id: str
    rule: str
    amount: str
    currency: str | None
    tracking_number: str | None
    account_id: str | None
    invoice_id: str | None
    message: str
    detail: str
    first_ms: int
    direction: str
    certainty: str
    charged_on: int
    invoiced_on: int
    service: str | None
    zone: str | None
    group_key: str | None = None
    """JSON: what it has in common with others; None: nothing."""
    part_of: str | None = None
    """The id of the finding that shows it together with others; it is listed only where asked for."""
    gone_ms: int | None = None
    """When an audit did not find it any more; it stays for its claim."""


_FINDING = [field.name for field in fields(StoredFinding)]


def scaled(amount: Decimal) -> int:
    """An amount as it is sorted by."""
    return int(amount * SCALE)


async def put_findings(
    transaction: Transaction, connection_id: int, audit: str, findings: Iterable[StoredFinding]
) -> None:
    """Store findings; one that was found before keeps its first time."""
    names = ["connection_id", "audit", "scaled", *_FINDING]
    kept = ("id", "first_ms", "part_of")  # who it is shown with is said once all were found
    sets = ", ".join(f"{name} = excluded.{name}" for name in names[1:] if name not in kept)
    await transaction.executemany(
        f"INSERT INTO findings ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT (connection_id, id) DO UPDATE SET {sets}",
        [
            (connection_id, audit, scaled(Decimal(finding.amount)), *vars(finding).values())
            for finding in findings
        ],
    )


async def forget_findings(transaction: Transaction, connection_id: int, audit: str, now_ms: int) -> None:
    """Remove what this audit did not find again; what somebody has a claim on stays, as gone."""
    touched = (
        "EXISTS (SELECT 1 FROM finding_claims c WHERE c.connection_id = findings.connection_id "
        "AND c.finding_id = findings.id AND (c.state <> 'open' OR c.note <> '' OR c.amount IS NOT NULL))"
    )
    await transaction.execute(
        f"DELETE FROM findings WHERE connection_id = ? AND audit <> ? AND NOT {touched}",
        connection_id, audit,
    )  # fmt: skip
    await transaction.execute(
        "UPDATE findings SET gone_ms = ? WHERE connection_id = ? AND audit <> ? AND gone_ms IS NULL",
        now_ms, connection_id, audit,
    )  # fmt: skip


@dataclass(frozen=True)
class FindingSearch:
    """A search for findings. equal: values by column; begin and end: seconds, of the charge.

    numbers: ways to write the tracking number; none: of any.
    """

    equal: dict[str, str] = field(default_factory=dict)
    numbers: Sequence[str] = ()
    state: str | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    begin: int | None = None
    end: int | None = None
    shows_parts: bool = False
    """Whether the members of groups are listed, too; those of a group by `part_of` in `equal`."""

    def _bounds(self) -> Iterator[tuple[str, int | None]]:
        yield "scaled >= ?", None if self.least is None else scaled(self.least)
        yield "scaled <= ?", None if self.most is None else scaled(self.most)
        yield "charged_on >= ?", self.begin
        yield "charged_on < ? AND charged_on > 0", self.end

    def _others(self) -> Iterator[tuple[str, list[Any]]]:
        if self.numbers:
            marks = ", ".join("?" * len(self.numbers))
            yield f"tracking_number IN ({marks})", list(self.numbers)
        if self.state is not None:
            yield claims.condition(self.state)
        if not self.shows_parts and "part_of" not in self.equal:
            yield "part_of IS NULL", []

    def conditions(self) -> tuple[str, list[Any]]:
        """The conditions in SQL, each after AND, and their values."""
        parts: list[tuple[str, list[Any]]] = [(f"{name} = ?", [value]) for name, value in self.equal.items()]
        parts += [(condition, [value]) for condition, value in self._bounds() if value is not None]
        parts += self._others()
        sql = "".join(f" AND {condition}" for condition, _ in parts)
        return sql, [value for _, values in parts for value in values]


async def findings(
    database: Database, connection_id: int, search: FindingSearch, before: tuple[int, str] | None, limit: int
) -> list[tuple[int, StoredFinding]]:
    """Findings with what they are sorted by, the largest amount first; of equal ones by id."""
    conditions, values = search.conditions()
    if before is not None:
        conditions += " AND (scaled < ? OR (scaled = ? AND id > ?))"
        values += [before[0], before[0], before[1]]
    rows = await database.fetch(
        f"SELECT scaled, {', '.join(_FINDING)} FROM findings WHERE connection_id = ?{conditions} "
        "ORDER BY scaled DESC, id LIMIT ?",
        connection_id, *values, limit,
    )  # fmt: skip
    return [(int(row[0]), StoredFinding(*row[1:])) for row in rows]


async def has_finding(database: Database, connection_id: int, identifier: str) -> bool:
    """Check whether there is a finding with this id."""
    sql = "SELECT 1 FROM findings WHERE connection_id = ? AND id = ?"
    return await database.fetch_one(sql, connection_id, identifier) is not None


async def new_counts(
    transaction: Transaction, connection_id: int, since_ms: int
) -> list[tuple[str, str, str, str, int]]:
    """(rule, direction, currency, amount, how many) of findings that were found first after this moment."""
    rows = await transaction.fetch(
        "SELECT rule, direction, coalesce(currency, ''), amount, count(*) FROM findings "
        "WHERE connection_id = ? AND first_ms > ? AND gone_ms IS NULL "
        # The members of a group count, the group that shows them does not.
        "AND detail NOT LIKE '%\"members\":[%' GROUP BY rule, direction, coalesce(currency, ''), amount",
        connection_id, since_ms,
    )  # fmt: skip
    return [(row[0], row[1], row[2], row[3], int(row[4])) for row in rows]


async def files_of(
    database: Database, connection_id: int, item_ids: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """The file that line items stand in: (id, name) by the item's id; of several files the last."""
    condition, bound = database.one_of("i.item_id", item_ids)
    rows = await database.fetch(
        "SELECT i.item_id, f.id, f.name FROM file_items i JOIN received_files f ON f.id = i.file_id "
        f"WHERE i.connection_id = ? AND {condition} ORDER BY f.seq",
        connection_id,
        bound,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


# Groups


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one audit that have something in common. scaled: their amounts, added up."""

    rule: str
    group_key: str
    currency: str | None
    direction: str
    account_id: str | None
    findings: int
    scaled: int
    charged_on: int
    invoiced_on: int


async def groups(database: Database, connection_id: int, audit: str) -> list[FindingGroup]:
    """The groups of what this audit found, with more than one member."""
    rows = await database.fetch(
        "SELECT rule, group_key, currency, direction, min(account_id), count(*), sum(scaled), "
        "max(charged_on), max(invoiced_on) FROM findings "
        "WHERE connection_id = ? AND audit = ? AND group_key IS NOT NULL "
        "GROUP BY rule, group_key, currency, direction HAVING count(*) > 1",
        connection_id, audit,
    )  # fmt: skip
    return [FindingGroup(*row[:5], *(int(value) for value in row[5:])) for row in rows]


async def largest_of(
    database: Database, connection_id: int, audit: str, group: FindingGroup, limit: int
) -> list[tuple[str, str | None, str]]:
    """(id, tracking number, amount) of the largest members of a group."""
    rows = await database.fetch(
        "SELECT id, tracking_number, amount FROM findings WHERE connection_id = ? AND audit = ? AND rule = ? "
        "AND group_key = ? AND coalesce(currency, '') = ? AND direction = ? ORDER BY scaled DESC, id LIMIT ?",
        connection_id, audit, group.rule, group.group_key, group.currency or "", group.direction, limit,
    )  # fmt: skip
    return [(row[0], row[1], row[2]) for row in rows]


async def join_group(
    transaction: Transaction, connection_id: int, audit: str, group: FindingGroup, finding_id: str
) -> None:
    """Have the members of a group shown as one finding, and none that are no members any more."""
    await transaction.execute(
        "UPDATE findings SET part_of = NULL WHERE connection_id = ? AND part_of = ? "
        "AND (coalesce(group_key, '') <> ? OR audit <> ?)",
        connection_id, finding_id, group.group_key, audit,
    )  # fmt: skip
    await transaction.execute(
        "UPDATE findings SET part_of = ? WHERE connection_id = ? AND audit = ? AND rule = ? "
        "AND group_key = ? AND coalesce(currency, '') = ? AND direction = ?",
        finding_id, connection_id, audit, group.rule, group.group_key, group.currency or "", group.direction,
    )  # fmt: skip


async def leave_groups(transaction: Transaction, connection_id: int, groups: Collection[str]) -> None:
    """Have findings shown by themselves that are in none of these groups: ids of what shows them."""
    condition, bound = transaction.one_of("part_of", groups)
    await transaction.execute(
        "UPDATE findings SET part_of = NULL WHERE connection_id = ? AND part_of IS NOT NULL "
        f"AND NOT {condition}",
        connection_id,
        bound,
    )


# Sums


@dataclass(frozen=True)
class FindingSum:
    """Findings added up. "" in any text: none is known; month: of the charge, "2026-01"."""

    rule: str
    direction: str
    account_id: str
    month: str
    currency: str
    findings: int
    amount: Decimal


async def sum_findings(transaction: Transaction, connection_id: int, sums: Iterable[FindingSum]) -> None:
    """Store the sums of an audit in place of those before."""
    await transaction.execute("DELETE FROM finding_sums WHERE connection_id = ?", connection_id)
    names = [field.name for field in fields(FindingSum)]
    await transaction.executemany(
        f"INSERT INTO finding_sums (connection_id, {', '.join(names)}) VALUES (?{', ?' * len(names)})",
        [
            (
                connection_id,
                *(getattr(finding_sum, name) for name in names[:-1]),
                format(finding_sum.amount, "f"),
            )
            for finding_sum in sums
        ],
    )


async def finding_sums(database: Database, connection_id: int) -> list[FindingSum]:
    """The sums of a connection's findings, as the last audit left them."""
    rows = await database.fetch(
        "SELECT rule, direction, account_id, month, currency, findings, amount FROM finding_sums "
        "WHERE connection_id = ? ORDER BY rule, direction, account_id, month, currency",
        connection_id,
    )
    return [FindingSum(row[0], row[1], row[2], row[3], row[4], int(row[5]), Decimal(row[6])) for row in rows]
