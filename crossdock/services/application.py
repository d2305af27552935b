"""The HTTP application: every API that this server offers, on the shared kernel."""

from typing import Any

from starlette.types import ASGIApp

from crossdock.account_api.dialect import AccountApi
from crossdock.api.dialect import ApiDialect
from crossdock.api.operations import all_operations
from crossdock.connect_api.dialect import link_dialects
from crossdock.dashboard.dialect import Dashboard
from crossdock.dashboard.files import DashboardFiles
from crossdock.dashboard.portal.dialect import Portal, PortalShell
from crossdock.deco_api.dialect import DecoEvents
from crossdock.pages.account.dialect import AccountPages
from crossdock.pages.demo.dialect import DemoPages
from crossdock.pages.dialect import ConnectPages
from crossdock.svix_api.dialect import WebhookAdmin
from crossdock.web.application import Application
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect
from crossdock.web.middleware import ErrorMiddleware


def application(door: Dependencies, demo_organization: str = "") -> ASGIApp:
    """The whole HTTP application.

    demo_organization: whose systems the page /connect/demo connects; empty: there is no such page.
    """
    api, account, webhooks = ApiDialect(door), AccountApi(door), WebhookAdmin(door)
    dialects: list[Dialect[Any, Any]] = [
        webhooks,
        DecoEvents(door),
        AccountPages(door, has_demo=bool(demo_organization)),
        account,
        *link_dialects(door),
        ConnectPages(door),
        DashboardFiles(door),
        Dashboard(door, api, account, webhooks),
        PortalShell(door),
        Portal(door, webhooks),
    ]
    if demo_organization:
        dialects.append(DemoPages(door, demo_organization))
    inner = Application(api, dialects, [door.uses, door.call_log])
    log = door.call_log
    return ErrorMiddleware(inner, note=log.note, keeps=log.keeps, body_seconds=door.settings.body_seconds)


def metrics_application(door: Dependencies) -> ASGIApp:
    """An application with nothing but /metrics, for a process that answers no API."""
    operations = [operation for operation in all_operations() if operation.path == "/metrics"]
    return ErrorMiddleware(Application(ApiDialect(door, operations)))
