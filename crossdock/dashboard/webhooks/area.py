"""The pages about webhooks: endpoints, messages, bulk work, event types, statistics."""

from typing import Final

from crossdock.dashboard.operation import Area, DashboardOperation
from crossdock.web.operation import Parameter

VIEW, MANAGE, REVEAL = "webhooks.view", "webhooks.manage", "credentials.view"
LARGE_FORM: Final = 262_144
"""A script or a payload, as a form sends it: three bytes for many a letter."""

_APP = "/webhooks/{app_id}"
_ENDPOINT, _MESSAGE = f"{_APP}/endpoints/{{endpoint_id}}", f"{_APP}/messages/{{msg_id}}"


def _operation(
    method: str, path: str, handler: str, permission: str, acts: tuple[str, ...] = (), size: int = 65_536
) -> DashboardOperation:
    """An operation that is named by its handler."""
    name = f"dashboard_webhooks_{handler.replace('.', '_')}"
    parameters = tuple(Parameter(text[1:-1], "path") for text in path.split("/") if text.startswith("{"))
    return DashboardOperation(
        method, path, f"webhooks.{handler}", name, permission, acts, largest_form=size, parameters=parameters
    )


WEBHOOK_PAGES = (
    _operation("GET", "/webhooks", "endpoints.first", VIEW),
    _operation("GET", _APP, "endpoints.listed", VIEW),
    _operation("GET", f"{_APP}/new", "endpoints.new", MANAGE),
    _operation("POST", f"{_APP}/new", "endpoints.created", MANAGE),
    _operation("GET", _ENDPOINT, "endpoints.shown", VIEW),
    _operation("POST", _ENDPOINT, "endpoints.switched", MANAGE, ("enable", "disable")),
    _operation("GET", f"{_ENDPOINT}/edit", "endpoints.edit", MANAGE),
    _operation("POST", f"{_ENDPOINT}/edit", "endpoints.changed", MANAGE),
    _operation("GET", f"{_ENDPOINT}/delete", "endpoints.confirm_deletion", MANAGE),
    _operation("POST", f"{_ENDPOINT}/delete", "endpoints.deleted", MANAGE, ("delete",)),
    _operation("GET", f"{_ENDPOINT}/secret", "secrets.shown", REVEAL),
    _operation("POST", f"{_ENDPOINT}/secret", "secrets.acted", REVEAL, ("reveal", "rotate")),
    _operation("GET", f"{_ENDPOINT}/transformation", "scripts.shown", MANAGE),
    _operation(
        "POST", f"{_ENDPOINT}/transformation", "scripts.acted", MANAGE, ("try", "save", "switch_off"),
        LARGE_FORM,
    ),
    _operation("GET", f"{_APP}/messages", "messages.listed", VIEW),
    _operation("GET", _MESSAGE, "messages.shown", VIEW),
    _operation("POST", _MESSAGE, "messages.resent", MANAGE, ("resend",)),
    _operation("GET", f"{_MESSAGE}/attempts/{{attempt_id}}", "messages.attempt", VIEW),
    _operation("GET", f"{_APP}/resend", "bulk.confirm_resend", MANAGE),
    _operation("POST", f"{_APP}/resend", "bulk.resent", MANAGE, ("resend",)),
    _operation("GET", f"{_APP}/bulk", "bulk.confirm", MANAGE),
    _operation("POST", f"{_APP}/bulk", "bulk.begun", MANAGE, ("recover", "replay_missing", "replay")),
    _operation("GET", f"{_APP}/tasks", "bulk.tasks", VIEW),
    _operation("GET", f"{_APP}/events", "events.listed", VIEW),
    _operation("GET", f"{_APP}/events/{{name}}", "events.shown", VIEW),
    _operation("POST", f"{_APP}/events/{{name}}", "events.sent", MANAGE, ("send",), LARGE_FORM),
    _operation("GET", f"{_APP}/statistics", "statistics.shown", VIEW),
)  # fmt: skip

WEBHOOKS = Area("Webhooks", "/webhooks", "webhook", VIEW, WEBHOOK_PAGES)
