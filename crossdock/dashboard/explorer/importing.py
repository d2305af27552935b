"""Importing a table: each line is a write with an outcome of its own; none is lost when one fails.

    table ─ read ─▶ lines ─ each: the API's write, with the line's key ─▶ done │ refused │ unknown │ not sent
                                                                              └── these come back as a table

The key is made of the line and of the form that it came with: a form that is sent twice writes once.
"""

import csv
import io
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from starlette.responses import Response

from crossdock.dashboard import rendering
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.explorer import csv_lines
from crossdock.dashboard.explorer.csv_lines import TABLE, CsvLine, CsvTable
from crossdock.dashboard.explorer.record import new_key
from crossdock.dashboard.explorer.shelf import (
    ShelfConnection,
    connection_of,
    imports_of,
    is_importable,
    note_write,
    shelf_connection,
    write_of,
)
from crossdock.dashboard.explorer.write_pages import IDEMPOTENCY, LONGEST_KEY, schema_in
from crossdock.dashboard.inside import FilledPath, decoded
from crossdock.errors import CrossdockError, Forbidden, Invalid, Uncertain
from crossdock.resources.writes import Write
from crossdock.store.connections.connections import ConnectionRow

MOST_BYTES = 1_048_576
LONGEST_SECONDS = 20.0
"""Lines that were not begun by then come back: a browser and what is between would not wait for ever."""

Outcome = Literal["done", "rehearsed", "refused", "unknown", "not_sent"]


class LineOutcome(msgspec.Struct, kw_only=True):
    """An outcome. record_id: of the record that was written; "": none is known."""

    number: int
    outcome: Outcome
    record_id: str = ""
    message: str = ""


class ImportPage(msgspec.Struct, kw_only=True):
    """The form, and the outcomes of what was sent.

    table: what is to be sent, or sent again; others: all writes of the resource that a table can say.
    """

    connection: ShelfConnection
    resource: str
    action: str
    summary: str
    others: list[str]
    header: list[str]
    table: str
    key: str
    most_lines: int
    outcomes: list[LineOutcome]
    counts: dict[str, int]
    problems: list[str]


@dataclass(frozen=True)
class ImportForm:
    """A write of a connection, for the lines of a table, and what its system takes of them."""

    visit: DashboardContext
    row: ConnectionRow
    write: Write
    schema: dict[str, Any]
    key: str

    @property
    def needs_record(self) -> bool:
        """Check whether each line names the record that it is done to."""
        return self.write.id_name is not None


async def asked(visit: DashboardContext) -> Response:
    """The form for a table."""
    return _view(await _form(visit))


async def template(visit: DashboardContext) -> Response:
    """The first line of such a table, as a file."""
    form = await _form(visit)
    content = io.StringIO(newline="")
    csv.writer(content).writerow(csv_lines.template(form.schema, needs_record=form.needs_record))
    name = f'attachment; filename="{form.write.action}.csv"'
    headers = rendering.POLICY.headers | {"content-disposition": name}
    return Response(content.getvalue(), headers=headers, media_type="text/csv; charset=utf-8")


async def sent(visit: DashboardContext) -> Response:
    """Write the lines, one after the other, and tell what became of each."""
    form, text = await _form(visit), visit.text("table")
    try:
        table = csv_lines.read(text, form.schema, form.key, needs_record=form.needs_record)
    except Invalid as fault:
        problems = [f"The table {message}." for message in _texts(fault)]
        return _view(form, table=text, problems=problems, status=422)
    is_rehearsal = visit.text("do") == "rehearse"
    outcomes = await _all(form, table, is_rehearsal=is_rehearsal)
    return _view(form, table=text if is_rehearsal else _remaining(table, outcomes), outcomes=outcomes)


async def _form(visit: DashboardContext) -> ImportForm:
    """The write that the path names, if a line can say what it takes. Raises NotFound, Forbidden."""
    row = await connection_of(visit)
    write = write_of(visit, row, visit.part("action"))
    if not is_importable(write):
        raise Forbidden("Lines of a table can't say what this takes.")
    path = f"/integrations/{row.type}/{row.integration}/write-info"
    schema = schema_in(await visit.inside.get(path, connection_id=row.uid), write)
    return ImportForm(visit, row, write, schema, visit.text("key")[:LONGEST_KEY] or new_key())


async def _all(form: ImportForm, table: CsvTable, *, is_rehearsal: bool) -> list[LineOutcome]:
    until = time.monotonic() + LONGEST_SECONDS
    outcomes = []
    for line in table.lines:
        if time.monotonic() > until:
            message = "There was no time left: send it again."
            outcomes.append(LineOutcome(number=line.number, outcome="not_sent", message=message))
        else:
            outcomes.append(await _outcome(form, line, is_rehearsal=is_rehearsal))
    return outcomes


async def _outcome(form: ImportForm, line: CsvLine, *, is_rehearsal: bool) -> LineOutcome:
    """Write a line, or only have it checked."""
    if line.problem:
        return LineOutcome(number=line.number, outcome="refused", message=line.problem)
    write = form.write
    path = FilledPath(write.path, {write.id_name: line.record_id} if write.id_name else {})
    if not is_rehearsal:
        await note_write(form.visit, form.row, write, line.record_id)
    try:
        answer = await form.visit.inside.answer(
            write.method, path, {"dry_run": "true"} if is_rehearsal else {}, body=line.body,
            connection_id=form.row.uid, headers={} if is_rehearsal else {IDEMPOTENCY: line.key},
        )  # fmt: skip
    except Uncertain as doubt:
        record_id = doubt.record_id or ""
        return LineOutcome(number=line.number, outcome="unknown", message=str(doubt), record_id=record_id)
    except CrossdockError as error:
        if error.http_status == 500:
            raise
        message = "; ".join(_texts(error)) if isinstance(error, Invalid) else str(error)
        return LineOutcome(number=line.number, outcome="refused", message=message)
    done = decoded(answer)
    if is_rehearsal:
        return LineOutcome(number=line.number, outcome="rehearsed", message=_unused(done))
    message = "It was written before." if "idempotent-replayed" in answer.headers else _unused(done)
    return LineOutcome(
        number=line.number, outcome="done", record_id=str(done.get("id") or ""), message=message
    )


def _unused(done: dict[str, Any]) -> str:
    unused = done.get("unused_fields") or []
    return f"The system takes no {', '.join(unused[:10])}." if unused else ""


def _texts(fault: Invalid) -> list[str]:
    """All that is wrong, each behind the name of what it is about; of the table as such, without one."""
    return [
        f"{'' if name == TABLE else name} {text}".strip()
        for part in fault.detail.values() for name, texts in part.items() for text in texts
    ]  # fmt: skip


def _remaining(table: CsvTable, outcomes: list[LineOutcome]) -> str:
    """The lines that are not done, as a table."""
    lines = [line for line, outcome in zip(table.lines, outcomes, strict=True) if outcome.outcome != "done"]
    return csv_lines.remaining(table, lines) if lines else ""


def _view(
    form: ImportForm,
    *,
    status: int = 200,
    table: str = "",
    outcomes: list[LineOutcome] | None = None,
    problems: list[str] | None = None,
) -> Response:
    write, line_outcomes = form.write, outcomes or []
    page = ImportPage(
        connection=shelf_connection(form.row),
        resource=write.resource.name,
        action=write.action,
        summary=write.summary,
        others=imports_of(form.visit, form.row, write.resource),
        header=csv_lines.template(form.schema, needs_record=form.needs_record),
        table=table,
        key=form.key,
        most_lines=csv_lines.MOST_LINES,
        outcomes=line_outcomes,
        counts=dict(Counter(outcome.outcome for outcome in line_outcomes)),
        problems=problems or [],
    )
    title = f"Import: {write.summary}"
    return form.visit.view("explorer/import.html", page, title=title, status=status)
