"""Endpoints: the list, the page of each, and the forms that make, change, switch and delete them."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.bars import Bar, BarChart
from crossdock.dashboard.inside_webhooks import part
from crossdock.dashboard.webhooks import endpoint_form
from crossdock.dashboard.webhooks.endpoint_form import EndpointForm
from crossdock.dashboard.webhooks.event_groups import EventGroup, event_groups
from crossdock.dashboard.webhooks.visit import WebhookVisit, application_of, page_path, path_of
from crossdock.errors import Invalid
from crossdock.store.webhooks import overview
from crossdock.store.webhooks.overview import AttemptSpan, EndpointName, EndpointTotals
from crossdock.wire import stamp

PAGE = 50
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
HOURS = 24
NEWEST = 10
"""Messages on the page of an endpoint."""


class EndpointLine(msgspec.Struct, kw_only=True):
    """An endpoint in the list. status: "on", "failing" or "off"; attempts, failed: of the last day.

    types, connections, customers: how many it is for; None: all.
    """

    id: str
    url: str
    description: str
    status: str
    types: int | None
    connections: int | None
    customers: int | None
    rate: int | None
    attempts: int
    failed: int


class EndpointsPage(msgspec.Struct, kw_only=True):
    """A page of endpoints. applications: all that there are; empty: one may see this alone."""

    app_id: str
    application: dict[str, Any]
    applications: list[dict[str, Any]]
    endpoints: list[EndpointLine]
    next_token: str | None


async def first(visit: WebhookVisit) -> Response:
    """The endpoints of the application that one begins with."""
    return await listed(visit)


async def listed(visit: WebhookVisit) -> Response:
    """A page of endpoints, oldest first."""
    application = await application_of(visit)
    answer = await visit.hooks.get(
        f"{path_of(application)}/endpoint",
        {"limit": PAGE, "iterator": visit.query("page_token").get("page_token")},
    )
    database = visit.door.database
    names = await overview.endpoint_names(database, application["id"], [row["id"] for row in answer["data"]])
    span = AttemptSpan([name.number for name in names.values()], visit.now_ms - DAY_MS, HOUR_MS)
    sums = await overview.totals(database, span)
    page = EndpointsPage(
        app_id=application["id"],
        application=application,
        applications=await _applications(visit),
        endpoints=[_line(row, names.get(row["id"]), sums) for row in answer["data"]],
        next_token=None if answer["done"] else answer["iterator"],
    )
    return visit.view("webhooks/endpoints.html", page, title="Webhooks")


async def _applications(visit: WebhookVisit) -> list[dict[str, Any]]:
    if not visit.hooks.may("application.list"):
        return []
    applications: list[dict[str, Any]] = (await visit.hooks.get("/app", {"limit": 250}))["data"]
    return applications if len(applications) > 1 else []


def _line(
    row: Mapping[str, Any], name: EndpointName | None, sums: Mapping[int, EndpointTotals]
) -> EndpointLine:
    total = None if name is None else sums.get(name.number)
    return EndpointLine(
        id=row["id"],
        url=row["url"],
        description=row["description"],
        status=status_of(row, name),
        types=_number(row["eventTypes"]),
        connections=_number(row.get("connectionIds")),
        customers=_number(row.get("customerIds")),
        rate=row["throttleRate"],
        attempts=0 if total is None else total.attempts,
        failed=0 if total is None else total.failed,
    )


def _number(values: list[str] | None) -> int | None:
    return None if values is None else len(values)


def status_of(row: Mapping[str, Any], name: EndpointName | None) -> str:
    """The state of an endpoint in one word."""
    if row["disabled"]:
        return "off"
    return "failing" if name is not None and name.failing_since_ms is not None else "on"


class EndpointPage(msgspec.Struct, kw_only=True):
    """An endpoint. headers: as `GET …/headers` answers; counts: messages of the last 30 days by state."""

    app_id: str
    endpoint: dict[str, Any]
    status: str
    failing_since: str | None
    headers: dict[str, Any]
    counts: dict[str, int]
    messages: list[dict[str, Any]]
    chart: BarChart


async def shown(visit: WebhookVisit) -> Response:
    """An endpoint: its state, what it gets, how it went, and its newest messages."""
    application = await application_of(visit)
    path, endpoint = await _endpoint(visit, application)
    names = await overview.endpoint_names(visit.door.database, application["id"], [endpoint["id"]])
    name = names.get(endpoint["id"])
    newest = {"limit": NEWEST, "with_content": "false", "expanded_statuses": "true"}
    page = EndpointPage(
        app_id=application["id"],
        endpoint=endpoint,
        status=status_of(endpoint, name),
        failing_since=None if name is None or name.failing_since_ms is None else stamp(name.failing_since_ms),
        headers=await visit.hooks.get(f"{path}/headers"),
        counts=await visit.hooks.get(f"{path}/stats", {"since": stamp(visit.now_ms - 30 * DAY_MS)}),
        messages=(await visit.hooks.get(f"{path}/msg", newest))["data"],
        chart=await hours_chart(visit, [] if name is None else [name.number]),
    )
    return visit.view("webhooks/endpoint.html", page, title=endpoint["description"] or endpoint["url"])


async def _endpoint(visit: WebhookVisit, application: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The endpoint that the page is about, and its path in the administration."""
    path = f"{path_of(application)}/endpoint/{part(visit.part('endpoint_id'))}"
    endpoint: dict[str, Any] = await visit.hooks.get(path)
    return path, endpoint


async def hours_chart(visit: WebhookVisit, numbers: list[int]) -> BarChart:
    """The attempts at some endpoints by hour, of the last day."""
    last = visit.now_ms // HOUR_MS * HOUR_MS
    since = last - (HOURS - 1) * HOUR_MS
    counted = await overview.attempts_by_period(visit.door.database, AttemptSpan(numbers, since, HOUR_MS))
    return BarChart(
        title="Attempts by hour, the last 24 hours",
        unit="attempts",
        bars=[
            Bar(at=stamp(start), count=counted.get(start, (0, 0))[0], failed=counted.get(start, (0, 0))[1])
            for start in range(since, last + 1, HOUR_MS)
        ],
    )


async def switched(visit: WebhookVisit) -> Response:
    """Switch an endpoint on or off, then show it."""
    application = await application_of(visit)
    path, endpoint = await _endpoint(visit, application)
    is_off = visit.text("do") == "disable"
    await visit.hooks.send("PATCH", path, {"disabled": is_off})
    done = "endpoint_off" if is_off else "endpoint_on"
    return visit.onward(f"{page_path(application)}/endpoints/{endpoint['id']}", done=done)


# Making and changing


class EndpointFormPage(msgspec.Struct, kw_only=True):
    """The form of an endpoint. endpoint_id: empty for a new one; faults: by the member they are about.

    allowed_addresses: private networks that may be called, as the operator says; guests are not told.
    """

    app_id: str
    endpoint_id: str
    form: EndpointForm
    groups: list[EventGroup]
    faults: dict[str, list[str]]
    allowed_addresses: str


async def new(visit: WebhookVisit) -> Response:
    """The form of a new endpoint."""
    application = await application_of(visit)
    visit.hooks.require("endpoint.create")
    return await _form_page(visit, application, EndpointForm())


async def created(visit: WebhookVisit) -> Response:
    """Make an endpoint, then show it; or the form again, with what is wrong."""
    application = await application_of(visit)
    form = endpoint_form.sent_form(visit.fields, [])
    try:
        body = endpoint_form.endpoint_body(form)
        body["headers"] = endpoint_form.header_fields(form.headers)
        endpoint = await visit.hooks.send("POST", f"{path_of(application)}/endpoint", body)
    except Invalid as problem:
        return await _form_page(visit, application, form, faults=problem)
    path = f"{page_path(application)}/endpoints/{endpoint['id']}"
    return visit.onward(path, done="endpoint_created")


async def edit(visit: WebhookVisit) -> Response:
    """The form of an endpoint that there is."""
    application = await application_of(visit)
    visit.hooks.require("endpoint.patch")
    path, endpoint = await _endpoint(visit, application)
    form = endpoint_form.stored_form(endpoint, await visit.hooks.get(f"{path}/headers"))
    return await _form_page(visit, application, form, endpoint_id=endpoint["id"])


async def changed(visit: WebhookVisit) -> Response:
    """Change an endpoint, then show it; or the form again, with what is wrong."""
    application = await application_of(visit)
    path, endpoint = await _endpoint(visit, application)
    before = await visit.hooks.get(f"{path}/headers")
    form = endpoint_form.sent_form(visit.fields, list(before["sensitive"]))
    try:
        changes = endpoint_form.header_changes(form, before, visit.fields)
        await visit.hooks.send("PATCH", path, endpoint_form.endpoint_body(form))
        if changes is not None:
            await visit.hooks.send("PATCH", f"{path}/headers", changes)
    except Invalid as problem:
        return await _form_page(visit, application, form, endpoint_id=endpoint["id"], faults=problem)
    return visit.onward(f"{page_path(application)}/endpoints/{endpoint['id']}", done="endpoint_changed")


async def _form_page(
    visit: WebhookVisit,
    application: Mapping[str, Any],
    form: EndpointForm,
    *,
    endpoint_id: str = "",
    faults: Invalid | None = None,
) -> Response:
    page = EndpointFormPage(
        app_id=application["id"],
        endpoint_id=endpoint_id,
        form=form,
        groups=await event_groups(visit),
        faults={} if faults is None else faults_by_member(faults),
        allowed_addresses="" if visit.hooks.caller.portal else visit.door.settings.allowed_addresses,
    )
    title = "Change the endpoint" if endpoint_id else "New endpoint"
    status = 200 if faults is None else 422
    return visit.view("webhooks/endpoint_form.html", page, title=title, status=status)


def faults_by_member(problem: Invalid) -> dict[str, list[str]]:
    """The texts of an Invalid by the first part of the name of what they are about."""
    faults: dict[str, list[str]] = {}
    for members in problem.detail.values():
        for name, texts in members.items():
            faults.setdefault(name.partition(".")[0], []).extend(texts)
    return faults


# Deleting


class DeletionPage(msgspec.Struct, kw_only=True):
    """An endpoint that is about to be deleted. counts: its messages of the last 30 days by state."""

    app_id: str
    endpoint: dict[str, Any]
    counts: dict[str, int]


async def confirm_deletion(visit: WebhookVisit) -> Response:
    """The question whether an endpoint is to be deleted."""
    application = await application_of(visit)
    visit.hooks.require("endpoint.delete")
    path, endpoint = await _endpoint(visit, application)
    counts = await visit.hooks.get(f"{path}/stats", {"since": stamp(visit.now_ms - 30 * DAY_MS)})
    page = DeletionPage(app_id=application["id"], endpoint=endpoint, counts=counts)
    return visit.view("webhooks/delete.html", page, title="Delete this endpoint?")


async def deleted(visit: WebhookVisit) -> Response:
    """Delete an endpoint, then show those that are left."""
    application = await application_of(visit)
    path, _ = await _endpoint(visit, application)
    await visit.hooks.send("DELETE", path)
    return visit.onward(page_path(application), done="endpoint_deleted")
