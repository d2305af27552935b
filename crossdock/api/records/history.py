"""What has changed in a record, newest first: field by field, what it was and what it became."""

from starlette.responses import Response

from crossdock.api import extension_schemas
from crossdock.api.context import RequestContext
from crossdock.api.operations import CHANGES_LIMIT
from crossdock.api.records.reads import missing, offered
from crossdock.changes.history import as_of
from crossdock.changes.history.past import PastChange
from crossdock.store.records.history import HistoryChange
from crossdock.web.page_tokens import PageTokens
from crossdock.web.query import part
from crossdock.web.responses import reply
from crossdock.wire import stamp


async def get_list(visit: RequestContext) -> Response:
    """A page of the changes of one record, also of one that is gone."""
    resource, connection_id = offered(visit), visit.connection.id
    arguments = visit.arguments()
    record_id = str(arguments[resource.id_name])
    parent = str(arguments[resource.parent]) if resource.parent else None
    pages = PageTokens(visit.door.page_key, connection_id, f"history of {resource.key} {record_id}", parent)
    limit, before = part(visit.pairs, pages, int(CHANGES_LIMIT.default or 0))
    historical_record = await as_of.changes(
        visit.door.database, resource, connection_id, record_id, parent=parent,
        before=None if before is None else int(before), limit=limit,
    )  # fmt: skip
    if historical_record is None:
        raise missing(resource, record_id)
    token = None if historical_record.after is None else pages.token((str(historical_record.after),), None)
    shown = [_shown(change, fields) for change, fields in historical_record.changes]
    return reply(extension_schemas.HistoryPage(data=shown, next_token=token, total_count=len(shown)))


def _shown(change: HistoryChange, fields: list[PastChange]) -> extension_schemas.RecordChange:
    return extension_schemas.RecordChange(
        at=stamp(change.at_ms),
        cause=change.cause,
        run_id=change.job_id,
        event_id=change.event_id,
        kind=change.kind,
        changes=[
            extension_schemas.FieldChange(field=past_change.field, old=past_change.old, new=past_change.new)
            for past_change in fields
        ],
    )
