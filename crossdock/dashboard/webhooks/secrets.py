"""The secret that an endpoint's webhooks are signed with: shown when somebody asks for it, and rotated."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.inside_webhooks import part
from crossdock.dashboard.webhooks.visit import WebhookVisit, application_of, path_of
from crossdock.errors import Invalid

GRACE_SECONDS = {"day": 86_400, "week": 604_800, "none": 0}
"""How long the old secret goes on signing beside the new one, by what the form says."""


class SecretPage(msgspec.Struct, kw_only=True):
    """An endpoint and, where somebody asked for it, its secret. was_rotated: it is a new one."""

    app_id: str
    endpoint: dict[str, Any]
    key: str | None = None
    was_rotated: bool = False


async def shown(visit: WebhookVisit) -> Response:
    """The page that offers to show and to rotate the secret; it does not hold it."""
    application = await application_of(visit)
    endpoint = await visit.hooks.get(_path(visit, application))
    if not visit.hooks.may("endpoint.rotate-secret"):
        visit.hooks.require("endpoint.get-secret")
    page = SecretPage(app_id=application["id"], endpoint=endpoint)
    return visit.view("webhooks/secret.html", page, title="Signing secret")


async def acted(visit: WebhookVisit) -> Response:
    """Show the secret, or rotate it and show the new one. Both are in the audit log."""
    application = await application_of(visit)
    path = _path(visit, application)
    endpoint = await visit.hooks.get(path)
    is_rotation = visit.text("do") == "rotate"
    if is_rotation:
        grace = visit.text("grace") or "day"
        if grace not in GRACE_SECONDS:
            wanted = ", ".join(GRACE_SECONDS)
            raise Invalid({"form": {"grace": [f"is {grace[:20]!r}; wanted is {wanted}"]}})
        body = {"gracePeriodSeconds": GRACE_SECONDS[grace]}
        key = (await visit.hooks.send("POST", f"{path}/secret/rotate", body))["key"]
    else:
        key = (await visit.hooks.get(f"{path}/secret"))["key"]
    page = SecretPage(app_id=application["id"], endpoint=endpoint, key=key, was_rotated=is_rotation)
    return visit.view("webhooks/secret.html", page, title="Signing secret")


def _path(visit: WebhookVisit, application: dict[str, Any]) -> str:
    return f"{path_of(application)}/endpoint/{part(visit.part('endpoint_id'))}"
