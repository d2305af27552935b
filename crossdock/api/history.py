"""What has changed in a record, newest first: field by field, what it was and what it became."""

from starlette.responses import Response

from crossdock.api import schemas
from crossdock.api.door import Visit
from crossdock.api.operations import CHANGES_LIMIT
from crossdock.api.query import part
from crossdock.api.records import missing, offered
from crossdock.api.replies import reply
from crossdock.api.tokens import Pages
from crossdock.changes import as_of
from crossdock.changes.document import stamp
from crossdock.changes.past import Changed
from crossdock.store.history import Change


async def listed(visit: Visit) -> Response:
    """A page of the changes of one record, also of one that is gone."""
    resource, connection_id = offered(visit), visit.connection.id
    given = visit.arguments()
    record_id = str(given[resource.id_name])
    parent = str(given[resource.parent]) if resource.parent else None
    pages = Pages(visit.door.page_key, connection_id, f"history of {resource.key} {record_id}", parent)
    limit, before = part(visit.pairs, pages, int(CHANGES_LIMIT.default or 0))
    found = await as_of.changes(
        visit.door.database, resource, connection_id, record_id, parent=parent,
        before=None if before is None else int(before), limit=limit,
    )  # fmt: skip
    if found is None:
        raise missing(resource, record_id)
    token = None if found.after is None else pages.token((str(found.after),), None)
    shown = [_shown(change, fields) for change, fields in found.changes]
    return reply(schemas.HistoryPage(data=shown, next_token=token, total_count=len(shown)))


def _shown(change: Change, fields: list[Changed]) -> schemas.RecordChange:
    return schemas.RecordChange(
        at=stamp(change.at_ms),
        cause=change.cause,
        run_id=change.job_id,
        event_id=change.event_id,
        kind=change.kind,
        changes=[schemas.FieldChange(field=one.field, old=one.old, new=one.new) for one in fields],
    )
