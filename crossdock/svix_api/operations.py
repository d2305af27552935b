"""Every operation of the webhook administration in one table: what the official `svix` clients call.

`handler` is "module.function" below `crossdock.svix_api`; `needs` is who may call it.
"""

from dataclasses import dataclass
from typing import Final

from crossdock.web.operation import HttpOperation

ANYBODY, ADMIN, KNOWN = "anybody", "admin", "anybody_known"
VIEW, SECRET, ROTATE = "ViewBase", "ViewEndpointSecret", "ManageEndpointSecret"
SCRIPTS, ATTEMPTS, MANAGE = "ManageTransformations", "CreateAttempts", "ManageEndpoint"
CAPABILITIES = (VIEW, SECRET, ROTATE, SCRIPTS, ATTEMPTS, MANAGE)

PREFIX: Final = "/api/v1"


@dataclass(frozen=True)
class AdminOperation(HttpOperation):
    """One method of one path. needs: a capability of a portal token, ADMIN, KNOWN or ANYBODY."""

    needs: str

    @property
    def metric_name(self) -> str:
        return f"webhooks.{self.id}"

    @property
    def sends(self) -> bool:
        """Check whether the operation has something delivered, at once or later."""
        return self.needs == ATTEMPTS or self.id == "message.create"


_APP, _ENDPOINT = "/app/{app_id}", "/app/{app_id}/endpoint/{endpoint_id}"
_MESSAGE, _OPERATIONAL = "/app/{app_id}/msg/{msg_id}", "/operational-webhook/endpoint"
_OPERATOR = "operational-webhook.endpoint"

OPERATIONS = (
    AdminOperation("GET", "/health", "applications.healthy", "health.get", ANYBODY),
    AdminOperation("GET", "/app", "applications.get_list", "application.list", ADMIN),
    AdminOperation("POST", "/app", "applications.created", "application.create", ADMIN),
    AdminOperation("GET", _APP, "applications.get_item", "application.get", VIEW),
    AdminOperation("PUT", _APP, "applications.upserted", "application.upsert", ADMIN),
    AdminOperation("PATCH", _APP, "applications.patched", "application.patch", ADMIN),
    AdminOperation("DELETE", _APP, "applications.deleted", "application.delete", ADMIN),
    AdminOperation(
        "POST",
        "/auth/app-portal-access/{app_id}",
        "authentication.access",
        "authentication.app-portal-access",
        ADMIN,
    ),
    AdminOperation(
        "POST", "/auth/app/{app_id}/expire-all", "authentication.expired", "authentication.expire-all", ADMIN
    ),
    AdminOperation("POST", "/auth/logout", "authentication.logged_out", "authentication.logout", KNOWN),
    AdminOperation("GET", f"{_APP}/endpoint", "endpoints.get_list", "endpoint.list", VIEW),
    AdminOperation("POST", f"{_APP}/endpoint", "endpoints.created", "endpoint.create", MANAGE),
    AdminOperation("GET", _ENDPOINT, "endpoints.get_item", "endpoint.get", VIEW),
    AdminOperation("PUT", _ENDPOINT, "endpoints.upserted", "endpoint.upsert", MANAGE),
    AdminOperation("PATCH", _ENDPOINT, "endpoints.patched", "endpoint.patch", MANAGE),
    AdminOperation("DELETE", _ENDPOINT, "endpoints.deleted", "endpoint.delete", MANAGE),
    AdminOperation("GET", f"{_ENDPOINT}/secret", "secrets.shown", "endpoint.get-secret", SECRET),
    AdminOperation("POST", f"{_ENDPOINT}/secret/rotate", "secrets.rotated", "endpoint.rotate-secret", ROTATE),
    AdminOperation("GET", f"{_ENDPOINT}/headers", "secrets.headers", "endpoint.get-headers", VIEW),
    AdminOperation("PUT", f"{_ENDPOINT}/headers", "secrets.headers_set", "endpoint.set-headers", MANAGE),
    AdminOperation(
        "PATCH", f"{_ENDPOINT}/headers", "secrets.headers_patched", "endpoint.patch-headers", MANAGE
    ),
    AdminOperation(
        "GET", f"{_ENDPOINT}/transformation", "scripts.shown", "endpoint.transformation.get", SCRIPTS
    ),
    AdminOperation(
        "PATCH", f"{_ENDPOINT}/transformation", "scripts.patched", "endpoint.transformation.patch", SCRIPTS
    ),
    AdminOperation(
        "POST",
        f"{_ENDPOINT}/transformation/simulate",
        "scripts.simulated",
        "endpoint.transformation.simulate",
        SCRIPTS,
    ),
    AdminOperation("GET", f"{_ENDPOINT}/stats", "endpoints.stats", "endpoint.get-stats", VIEW),
    AdminOperation(
        "GET", f"{_ENDPOINT}/attempt-stats", "endpoints.attempt_stats", "endpoint.get-attempt-stats", VIEW
    ),
    AdminOperation("POST", f"{_ENDPOINT}/recover", "tasks.recovering", "endpoint.recover", ATTEMPTS),
    AdminOperation(
        "POST", f"{_ENDPOINT}/replay-missing", "tasks.replaying", "endpoint.replay-missing", ATTEMPTS
    ),
    AdminOperation(
        "POST", f"{_ENDPOINT}/bulk-replay", "tasks.bulk_replaying", "endpoint.bulk-replay", ATTEMPTS
    ),
    AdminOperation(
        "POST", f"{_ENDPOINT}/send-example", "messages.example_sent", "endpoint.send-example", ATTEMPTS
    ),
    AdminOperation("GET", "/event-type", "event_types.get_list", "event-type.list", VIEW),
    AdminOperation("POST", "/event-type", "event_types.created", "event-type.create", ADMIN),
    AdminOperation("GET", "/event-type/{name}", "event_types.get_item", "event-type.get", VIEW),
    AdminOperation("PUT", "/event-type/{name}", "event_types.upserted", "event-type.upsert", ADMIN),
    AdminOperation("PATCH", "/event-type/{name}", "event_types.patched", "event-type.patch", ADMIN),
    AdminOperation("DELETE", "/event-type/{name}", "event_types.deleted", "event-type.delete", ADMIN),
    AdminOperation("GET", f"{_APP}/msg", "messages.get_list", "message.list", VIEW),
    AdminOperation("POST", f"{_APP}/msg", "messages.created", "message.create", ADMIN),
    AdminOperation("POST", f"{_APP}/msg/precheck/active", "messages.prechecked", "message.precheck", ADMIN),
    AdminOperation("GET", _MESSAGE, "messages.get_item", "message.get", VIEW),
    AdminOperation("DELETE", f"{_MESSAGE}/content", "messages.expunged", "message.expunge-content", ADMIN),
    AdminOperation(
        "GET",
        f"{_APP}/attempt/endpoint/{{endpoint_id}}",
        "attempts.by_endpoint",
        "message-attempt.list-by-endpoint",
        VIEW,
    ),
    AdminOperation(
        "GET", f"{_APP}/attempt/msg/{{msg_id}}", "attempts.by_message", "message-attempt.list-by-msg", VIEW
    ),
    AdminOperation(
        "GET", f"{_ENDPOINT}/msg", "attempts.messages_of", "message-attempt.list-attempted-messages", VIEW
    ),
    AdminOperation(
        "GET",
        f"{_MESSAGE}/endpoint",
        "attempts.endpoints_of",
        "message-attempt.list-attempted-destinations",
        VIEW,
    ),
    AdminOperation(
        "GET", f"{_MESSAGE}/attempt/{{attempt_id}}", "attempts.get_item", "message-attempt.get", VIEW
    ),
    AdminOperation(
        "GET",
        f"{_MESSAGE}/attempt/{{attempt_id}}/headers",
        "attempts.headers",
        "message-attempt.get-headers",
        VIEW,
    ),
    AdminOperation(
        "DELETE",
        f"{_MESSAGE}/attempt/{{attempt_id}}/content",
        "attempts.expunged",
        "message-attempt.expunge-content",
        ADMIN,
    ),
    AdminOperation(
        "POST",
        f"{_MESSAGE}/endpoint/{{endpoint_id}}/resend",
        "attempts.resent",
        "message-attempt.resend",
        ATTEMPTS,
    ),
    AdminOperation("GET", "/background-task", "tasks.get_list", "background-task.list", ADMIN),
    AdminOperation("GET", "/background-task/{task_id}", "tasks.get_item", "background-task.get", VIEW),
    AdminOperation("GET", _OPERATIONAL, "endpoints.get_list", f"{_OPERATOR}.list", ADMIN),
    AdminOperation("POST", _OPERATIONAL, "endpoints.created", f"{_OPERATOR}.create", ADMIN),
    AdminOperation("GET", f"{_OPERATIONAL}/{{endpoint_id}}", "endpoints.get_item", f"{_OPERATOR}.get", ADMIN),
    AdminOperation(
        "PUT", f"{_OPERATIONAL}/{{endpoint_id}}", "endpoints.upserted", f"{_OPERATOR}.upsert", ADMIN
    ),
    AdminOperation(
        "DELETE", f"{_OPERATIONAL}/{{endpoint_id}}", "endpoints.deleted", f"{_OPERATOR}.delete", ADMIN
    ),
    AdminOperation(
        "GET", f"{_OPERATIONAL}/{{endpoint_id}}/secret", "secrets.shown", f"{_OPERATOR}.get-secret", ADMIN
    ),
    AdminOperation(
        "POST",
        f"{_OPERATIONAL}/{{endpoint_id}}/secret/rotate",
        "secrets.rotated",
        f"{_OPERATOR}.rotate-secret",
        ADMIN,
    ),
    AdminOperation(
        "GET", f"{_OPERATIONAL}/{{endpoint_id}}/headers", "secrets.headers", f"{_OPERATOR}.get-headers", ADMIN
    ),
    AdminOperation(
        "PUT",
        f"{_OPERATIONAL}/{{endpoint_id}}/headers",
        "secrets.headers_set",
        f"{_OPERATOR}.set-headers",
        ADMIN,
    ),
)
