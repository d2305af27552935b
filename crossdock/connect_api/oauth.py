"""Signing in on a page of the vendor: the way there and back."""

from urllib.parse import urlencode, urlsplit

from starlette.responses import Response
from yarl import URL

from crossdock.connect_api import schemas
from crossdock.connect_api.context import LinkContext, checked_flow_id
from crossdock.connections.link import consent, flows
from crossdock.connections.link.consent import Arrival
from crossdock.connections.oauth import FLOW_SECONDS
from crossdock.errors import LinkRefused
from crossdock.pages.connect import consent_end_page
from crossdock.web.middleware import SHOWN_PATH
from crossdock.web.responses import reply

COOKIE_PATH = "/connect/oauth"


async def begun(visit: LinkContext) -> Response:
    """The address that the window is sent to."""
    body = await visit.body(schemas.ConsentBody)
    flow_id, bearer = checked_flow_id(body.flow_id), visit.bearer
    if (body.mode == "redirect") != (body.return_url is not None):
        raise LinkRefused(
            "return_url is needed for redirects, and only then", code="invalid_return_url", status=422,
            field="return_url",
        )  # fmt: skip
    form = await flows.open_form(visit.link, bearer, body.options)
    integration = await flows.picked(form, body.type, body.name)
    wish = consent.ConsentWish(flow_id, form, integration, body.fields, body.return_url)
    start_url = await consent.begin_consent(visit.link, bearer, wish)
    return reply(schemas.StartReply(start_url=start_url))


async def departed(visit: LinkContext) -> Response:
    """Bind the browser by a cookie, and send it on to the vendor."""
    visit.request.scope["state"][SHOWN_PATH] = f"{consent.START}/***"
    departure = await consent.depart(visit.link, str(visit.request.path_params["state"]))
    if isinstance(departure, Arrival):
        return _sent_on(visit, departure)
    response = _redirect(departure.url)
    url = urlsplit(visit.door.settings.url)
    response.set_cookie(
        departure.cookie_name, departure.cookie, max_age=FLOW_SECONDS, path=f"{url.path}{COOKIE_PATH}",
        secure=url.scheme == "https", httponly=True, samesite="lax",
    )  # fmt: skip
    return response


async def returned(visit: LinkContext) -> Response:
    """Connect with what the vendor sent the browser back with."""
    query = dict(visit.request.query_params)
    arrival = await consent.come_back(visit.link, query, visit.request.cookies, visit.actor)
    if arrival.error is None:
        visit.door.wake()
    response = _sent_on(visit, arrival)
    name = consent.cookie_name(query.get("state", ""))
    if name in visit.request.cookies:
        url = urlsplit(visit.door.settings.url)
        response.delete_cookie(name, path=f"{url.path}{COOKIE_PATH}")
    return response


def _sent_on(visit: LinkContext, arrival: Arrival) -> Response:
    """On to a page without code and state in its address."""
    if arrival.return_url is not None and arrival.flow_id is not None:
        return _redirect(str(URL(arrival.return_url).update_query({consent.FLOW_PARAMETER: arrival.flow_id})))
    query = {"status": "done" if arrival.error is None else "failed"}
    if arrival.flow_id is not None:
        query["flow"] = arrival.flow_id
    if arrival.error is not None:
        query["code"] = arrival.error.code
    return _redirect(f"{visit.door.settings.url}{consent.DONE}?{urlencode(query)}")


def _redirect(url: str) -> Response:
    return Response(status_code=303, headers={"location": url})


async def told(visit: LinkContext) -> Response:
    """The last page of the window: it tells whoever waits, and closes itself."""
    return consent_end_page(visit.request)
