"""Reading the audit log: page by page, or all of it as a file. Nothing here changes it."""

from starlette.responses import Response, StreamingResponse

from crossdock.account_api.context import AccountContext
from crossdock.errors import BadVendorValue, Invalid
from crossdock.people.audit_export import as_csv, as_ndjson, shown
from crossdock.resources import dates
from crossdock.store.people import audit_log
from crossdock.store.people.audit_log import AuditFilter
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.web.responses import reply

LARGEST_PAGE = 1000


async def get_list(visit: AccountContext) -> Response:
    """A page of the organization's entries, the newest first."""
    arguments = visit.arguments()
    pages = PageTokens(visit.door.page_key, 0, f"audit log of {visit.organization_id}")
    before = pages.key_or_none(arguments.get("page_token"))
    entries = await paginate(
        min(max(1, int(arguments["limit"])), LARGEST_PAGE),
        lambda limit: audit_log.page(
            visit.door.database, _filter(visit), None if before is None else str(before[0]), limit
        ),
        lambda row: pages.token((row.id,), None),
    )
    return reply({"data": [shown(row) for row in entries.items], "next_token": entries.next_token})


async def exported(visit: AccountContext) -> Response:
    """All entries that the filter lets through, as a file that is written while it is read."""
    name = str(visit.arguments()["format"])
    rows = audit_log.everything(visit.door.database, _filter(visit))
    async with visit.door.database.transaction() as transaction:
        await audit_log.note_act(
            transaction, visit.organization_id, "audit_log.exported", "", visit.now_ms, format=name
        )
    written, kind = (as_csv(rows), "text/csv") if name == "csv" else (as_ndjson(rows), "application/x-ndjson")
    headers = {"content-disposition": f'attachment; filename="audit-log.{name}"'}
    return StreamingResponse(written, headers=headers, media_type=f"{kind}; charset=utf-8")


def _filter(visit: AccountContext) -> AuditFilter:
    arguments = visit.arguments()
    texts = {name: str(arguments[name]) for name in ("actor", "action", "subject") if arguments.get(name)}
    return AuditFilter(
        visit.organization_id,
        since_ms=_moment_ms(arguments, "since"),
        until_ms=_moment_ms(arguments, "until", rest_ms=999),
        **texts,
    )


def _moment_ms(arguments: dict[str, str | bool | int], name: str, rest_ms: int = 0) -> int | None:
    if name not in arguments:
        return None
    try:
        return dates.seconds(str(arguments[name])) * 1000 + rest_ms
    except (ValueError, BadVendorValue) as problem:
        raise Invalid({"query": {name: [str(problem)]}}) from None
