"""What pages about webhooks need of whoever looks at them: somebody signed in, or a guest of the portal."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from crossdock.dashboard.inside_webhooks import InsideWebhooks, part
from crossdock.web.dependencies import Dependencies


class WebhookVisit(Protocol):
    """One request that was let in. hooks: the webhook administration, for whoever it is."""

    @property
    def door(self) -> Dependencies: ...

    @property
    def request(self) -> Request: ...

    @property
    def organization_id(self) -> str: ...

    @property
    def hooks(self) -> InsideWebhooks: ...

    @property
    def fields(self) -> Mapping[str, str]: ...

    @property
    def now_ms(self) -> int: ...

    def text(self, name: str) -> str: ...

    def query(self, *names: str) -> dict[str, str]: ...

    def part(self, name: str) -> str: ...

    def view(self, template: str, contents: msgspec.Struct, *, title: str, status: int = 200) -> Response: ...

    def onward(self, path: str, **query: str) -> Response: ...


async def application_of(visit: WebhookVisit) -> dict[str, Any]:
    """The application that a page is about; where the path names none, the organization's own.

    Raises NotFound, also for a guest of another application.
    """
    app_id = visit.request.path_params.get("app_id") or own_application(visit)
    application: dict[str, Any] = await visit.hooks.get(f"/app/{part(app_id)}")
    return application


def own_application(visit: WebhookVisit) -> str:
    """The application that whoever looks begins with."""
    guest = visit.hooks.caller.portal
    return visit.organization_id if guest is None else guest.application_id


def path_of(application: Mapping[str, Any]) -> str:
    """The path of the application in the administration."""
    return f"/app/{part(application['id'])}"


def page_path(application: Mapping[str, Any]) -> str:
    """The path of the application's pages, below the prefix of the dashboard or the portal."""
    return f"/webhooks/{part(application['id'])}"
