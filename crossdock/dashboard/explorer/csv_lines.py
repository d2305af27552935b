"""Pure: a table as CSV → the writes that its lines ask for; and the template of such a table.

    record_id,order_number,ship_to_address.city,line_items.0.sku,line_items.0.quantity
    ,SO-1,Springfield,MUG,2

A column is called after its place in the body. `idempotency_key` says what is the same write; without it the
contents of a line do, so that a table that is sent twice is written once.
"""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from crossdock.dashboard.explorer.write_fields import Schema, typed
from crossdock.errors import Invalid

KEY, RECORD, TABLE = "idempotency_key", "record_id", "table"
MOST_LINES = 200
MOST_COLUMNS = 1000
DEEPEST_COLUMN = 20
"""Steps from the body to the member that a column is called after."""
ROWS_IN_TEMPLATE = 2
LONGEST_KEY = 200


class CsvLine(msgspec.Struct, kw_only=True):
    """A line. cells: as they were written; problem: why it is none; "": it can be sent."""

    number: int
    cells: list[str]
    record_id: str = ""
    key: str = ""
    body: dict[str, Any] = {}
    problem: str = ""


class CsvTable(msgspec.Struct, kw_only=True):
    header: list[str]
    lines: list[CsvLine]


def template(schema: Schema, *, needs_record: bool) -> list[str]:
    """The columns of a table for a write: those of its body, lists with places for two rows."""
    names = [RECORD] if needs_record else []
    return [*names, *_columns(schema, "")]


def _columns(schema: Schema, prefix: str) -> Iterator[str]:
    for name, member in schema.get("properties", {}).items():
        inner = member.get("items", {}) if member.get("type") == "array" else member
        if "contentMediaType" in member or member.get("deprecated"):
            continue
        if not inner.get("properties"):
            yield f"{prefix}{name}"
        elif member.get("type") == "array":
            for number in range(ROWS_IN_TEMPLATE):
                yield from _columns(inner, f"{prefix}{name}.{number}.")
        else:
            yield from _columns(inner, f"{prefix}{name}.")


def read(text: str, schema: Schema, batch: str, *, needs_record: bool) -> CsvTable:
    """The lines of a table. batch: tells the lines of one import from those of another. Raises Invalid."""
    rows = _rows(text)
    if len(rows) < 2:
        raise _refused("needs a line of names, and one line or more below it")
    header = [name.strip() for name in rows[0]]
    _check_header(header, needs_record=needs_record)
    if len(rows) - 1 > MOST_LINES:
        raise _refused(f"has {len(rows) - 1} lines; {MOST_LINES} are taken at a time")
    seen: Counter[str] = Counter()
    lines = []
    for number, cells in enumerate(rows[1:], 1):
        line = _line(number, header, cells, schema)
        seen[str(cells)] += 1
        line.key = line.key or _key(batch, cells, seen[str(cells)])
        if needs_record and not line.record_id and not line.problem:
            line.problem = f"{RECORD} is required"
        lines.append(line)
    return CsvTable(header=header, lines=lines)


def _rows(text: str) -> list[list[str]]:
    """The lines that hold something. The separator is the one that the first line has most of."""
    text = text.lstrip("\ufeff")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as fault:
        raise _refused(f"is no CSV: {fault}") from None
    return [row for row in rows if any(cell.strip() for cell in row)]


def _check_header(header: Sequence[str], *, needs_record: bool) -> None:
    if len(header) > MOST_COLUMNS:
        raise _refused(f"has {len(header)} columns; {MOST_COLUMNS:,} are taken")
    if deep := [name for name in header if name.count(".") >= DEEPEST_COLUMN]:
        raise _refused(f"has the column {deep[0][:100]!r}, which lies deeper than {DEEPEST_COLUMN} steps")
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise _refused(f"has {twice[0][:100]!r} more than once in its first line")
    if needs_record and RECORD not in header:
        raise _refused(f"has no column {RECORD}")
    if not needs_record and RECORD in header:
        raise _refused(f"has a column {RECORD}, and this makes new records")


def _line(number: int, header: Sequence[str], cells: list[str], schema: Schema) -> CsvLine:
    line = CsvLine(number=number, cells=cells)
    if len(cells) > len(header):
        line.problem = f"has {len(cells)} cells, and the first line has {len(header)}"
        return line
    try:
        for name, cell in zip(header, cells, strict=False):
            if name == KEY:
                line.key = cell.strip()[:LONGEST_KEY]
            elif name == RECORD:
                line.record_id = cell.strip()
            elif name and cell.strip():
                _put(line.body, name.split("."), typed(_schema_at(schema, name), cell.strip(), name))
        line.body = _plain(line.body)
    except Invalid as fault:
        line.problem = str(fault)
    return line


def _schema_at(schema: Schema, path: str) -> Schema:
    """The schema of a member; of one that there is not, a text's."""
    current: Mapping[str, Any] = schema
    for step in path.split("."):
        inner = current.get("items", {}) if step.isdecimal() else current.get("properties", {}).get(step)
        if not isinstance(inner, Mapping) or not inner:
            return {"type": "string"}
        current = inner
    return current


class _Places(dict[Any, Any]):
    """The items of a list by their number, while it is put together."""


def _put(holder: dict[Any, Any], steps: list[str], value: Any) -> None:
    """Put a value at its place. Raises Invalid for one that another column leaves no room for."""
    name = ".".join(steps)[:100]
    for step, following in pairwise(steps):
        fresh: dict[Any, Any] = _Places() if following.isdecimal() else {}
        inner = holder.setdefault(_place(holder, step, name), fresh)
        if not isinstance(inner, dict) or isinstance(inner, _Places) != isinstance(fresh, _Places):
            raise _refused(f"has {name!r} beside another column that it does not fit")
        holder = inner
    holder[_place(holder, steps[-1], name)] = value


def _place(holder: dict[Any, Any], step: str, name: str) -> str | int:
    if not isinstance(holder, _Places):
        return step
    if not step.isdecimal() or len(step) > 9 or int(step) > MOST_LINES:
        raise _refused(f"has a column {name!r}, which is no place of a list")
    return int(step)


def _plain(value: Any) -> Any:
    """The value with its lists as lists: places that are empty are left out."""
    if isinstance(value, _Places):
        return [_plain(value[number]) for number in sorted(value)]
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    return value


def _key(batch: str, cells: Sequence[str], count: int) -> str:
    digest = hashlib.blake2b(
        repr([*cells, count]).encode("utf-8", "backslashreplace"), digest_size=16
    ).hexdigest()
    return f"{batch}-{digest}"


def remaining(table: CsvTable, lines: Sequence[CsvLine]) -> str:
    """The lines as a table of their own, each with its key, to be corrected and sent again."""
    names = [name for name in table.header if name != KEY]
    content = io.StringIO(newline="")
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow([KEY, *names])
    for line in lines:
        cells = dict(zip(table.header, line.cells, strict=False))
        writer.writerow([line.key, *(cells.get(name, "") for name in names)])
    return content.getvalue()


def _refused(message: str) -> Invalid:
    return Invalid({"form": {TABLE: [message]}})
