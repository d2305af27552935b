"""The server itself: its documents, and whether it is well."""

from importlib.metadata import version

from starlette.responses import Response

from crossdock.api import schemas
from crossdock.api.context import RequestContext
from crossdock.api.openapi import document_bytes
from crossdock.api.postman import collection_bytes
from crossdock.web.responses import answer, reply


async def openapi(visit: RequestContext) -> Response:
    return answer(document_bytes(visit.door.settings.url, version("crossdock")))


async def postman(visit: RequestContext) -> Response:
    return answer(collection_bytes(visit.door.settings.url, version("crossdock")))


async def healthy(_visit: RequestContext) -> Response:
    """The process runs."""
    return reply(schemas.Health())


async def ready(visit: RequestContext) -> Response:
    """The database answers."""
    try:
        await visit.door.database.fetch_one("SELECT 1")
    except Exception as problem:  # noqa: BLE001 - whatever the driver says, the answer is the same
        text = f"the database does not answer: {type(problem).__name__}"
        return reply({"error": text, "origin": "trackstar"}, 503)
    return reply(schemas.Readiness())
