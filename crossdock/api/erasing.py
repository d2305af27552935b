"""Erasing people and shops, and showing what is held of them: an extension."""

from starlette.responses import PlainTextResponse, Response

from crossdock.api import erasing_schemas as schemas
from crossdock.api.context import RequestContext
from crossdock.erasing.proof import as_csv, described
from crossdock.erasing.request import Requester
from crossdock.errors import NotFound
from crossdock.kit.erasure import ErasureMode, ErasureSubject
from crossdock.store.erasing import erasures
from crossdock.store.erasing.erasures import ErasureRow
from crossdock.store.people.audit_log import acting
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.web.responses import reply


async def created(visit: RequestContext) -> Response:
    """Queue an erasure, or the search for what it would change."""
    body = await visit.body(schemas.ErasureBody)
    subject = ErasureSubject(
        email=body.email, phone=body.phone, name=body.name, address=body.address,
        reference_ids=body.reference_ids, everyone=body.everyone, connection_id=body.connection_id,
    )  # fmt: skip
    requester = Requester(visit.caller.organization_id, acting(), "api")
    mode: ErasureMode = "show" if body.dry_run else "erase"
    erasure = await visit.door.erasures.request(requester, subject, mode)
    visit.door.wake()
    return _reply(erasure)


async def get_list(visit: RequestContext) -> Response:
    """A page of the organization's erasures, the newest first."""
    arguments = visit.arguments()
    organization = visit.caller.organization_id
    pages = PageTokens(visit.door.page_key, 0, f"erasures of {organization}")
    before = pages.key_or_none(arguments.get("page_token"))
    found = await paginate(
        int(arguments["limit"]),
        lambda limit: erasures.page(
            visit.door.database, organization, None if before is None else str(before[0]), limit
        ),
        lambda erasure: pages.token((erasure.id,), None),
    )
    shown = [schemas.Erasure(**described(erasure)) for erasure in found.items]
    return reply(schemas.ErasureList(data=shown, next_token=found.next_token, total_count=len(shown)))


async def get_one(visit: RequestContext) -> Response:
    """An erasure, how far it is, and what it has changed."""
    return _reply(await _of_path(visit))


async def proof(visit: RequestContext) -> Response:
    """The proof of an erasure as CSV."""
    erasure = await _of_path(visit)
    headers = {"content-disposition": f'attachment; filename="{erasure.id}.csv"'}
    return PlainTextResponse(as_csv(erasure), media_type="text/csv", headers=headers)


async def _of_path(visit: RequestContext) -> ErasureRow:
    erasure_id = str(visit.arguments()["erasure_id"])
    erasure = await erasures.get(visit.door.database, erasure_id, visit.caller.organization_id)
    if erasure is None:
        raise NotFound(f"there is no erasure {erasure_id!r}", record_id=erasure_id)
    return erasure


def _reply(erasure: ErasureRow) -> Response:
    return reply(schemas.ErasureItem(data=schemas.Erasure(**described(erasure))))
