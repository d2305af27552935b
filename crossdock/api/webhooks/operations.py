"""Every operation of the webhook administration in one table: what the official `svix` clients call.

`handler` is "module.function" below `crossdock.api.webhooks`; `needs` is who may call it.
"""

import re
from dataclasses import dataclass
from functools import cache

ANYBODY, ADMIN, KNOWN = "anybody", "admin", "anybody_known"
VIEW, SECRET, ROTATE = "ViewBase", "ViewEndpointSecret", "ManageEndpointSecret"
SCRIPTS, ATTEMPTS, MANAGE = "ManageTransformations", "CreateAttempts", "ManageEndpoint"
CAPABILITIES = (VIEW, SECRET, ROTATE, SCRIPTS, ATTEMPTS, MANAGE)

PREFIX = "/api/v1"


@dataclass(frozen=True)
class Operation:
    """One method of one path. needs: a capability of a portal token, ADMIN, KNOWN or ANYBODY."""

    method: str
    path: str
    id: str
    handler: str
    needs: str

    @property
    def sends(self) -> bool:
        """Whether it has something delivered, at once or later."""
        return self.needs == ATTEMPTS or self.id == "message.create"


def _operation(line: str) -> Operation:
    method, path, name, handler, needs = line.split()
    return Operation(method, path, name, handler, needs)


_APP, _ENDPOINT = "/app/{app_id}", "/app/{app_id}/endpoint/{endpoint_id}"
_MESSAGE, _OPERATIONAL = "/app/{app_id}/msg/{msg_id}", "/operational-webhook/endpoint"
_OPERATOR = "operational-webhook.endpoint"

OPERATIONS = tuple(
    _operation(line)
    for line in f"""
GET /health health.get applications.healthy anybody
GET /app application.list applications.listed admin
POST /app application.create applications.created admin
GET {_APP} application.get applications.one {VIEW}
PUT {_APP} application.upsert applications.upserted admin
PATCH {_APP} application.patch applications.patched admin
DELETE {_APP} application.delete applications.deleted admin
POST /auth/app-portal-access/{{app_id}} authentication.app-portal-access authentication.access admin
POST /auth/app/{{app_id}}/expire-all authentication.expire-all authentication.expired admin
POST /auth/logout authentication.logout authentication.logged_out anybody_known
GET {_APP}/endpoint endpoint.list endpoints.listed {VIEW}
POST {_APP}/endpoint endpoint.create endpoints.created {MANAGE}
GET {_ENDPOINT} endpoint.get endpoints.one {VIEW}
PUT {_ENDPOINT} endpoint.upsert endpoints.upserted {MANAGE}
PATCH {_ENDPOINT} endpoint.patch endpoints.patched {MANAGE}
DELETE {_ENDPOINT} endpoint.delete endpoints.deleted {MANAGE}
GET {_ENDPOINT}/secret endpoint.get-secret secrets.shown {SECRET}
POST {_ENDPOINT}/secret/rotate endpoint.rotate-secret secrets.rotated {ROTATE}
GET {_ENDPOINT}/headers endpoint.get-headers secrets.headers {VIEW}
PUT {_ENDPOINT}/headers endpoint.set-headers secrets.headers_set {MANAGE}
PATCH {_ENDPOINT}/headers endpoint.patch-headers secrets.headers_patched {MANAGE}
GET {_ENDPOINT}/transformation endpoint.transformation.get scripts.shown {SCRIPTS}
PATCH {_ENDPOINT}/transformation endpoint.transformation.patch scripts.patched {SCRIPTS}
POST {_ENDPOINT}/transformation/simulate endpoint.transformation.simulate scripts.simulated {SCRIPTS}
GET {_ENDPOINT}/stats endpoint.get-stats endpoints.stats {VIEW}
GET {_ENDPOINT}/attempt-stats endpoint.get-attempt-stats endpoints.attempt_stats {VIEW}
POST {_ENDPOINT}/recover endpoint.recover tasks.recovering {ATTEMPTS}
POST {_ENDPOINT}/replay-missing endpoint.replay-missing tasks.replaying {ATTEMPTS}
POST {_ENDPOINT}/bulk-replay endpoint.bulk-replay tasks.bulk_replaying {ATTEMPTS}
POST {_ENDPOINT}/send-example endpoint.send-example messages.example_sent {ATTEMPTS}
GET /event-type event-type.list event_types.listed {VIEW}
POST /event-type event-type.create event_types.created admin
GET /event-type/{{name}} event-type.get event_types.one {VIEW}
PUT /event-type/{{name}} event-type.upsert event_types.upserted admin
PATCH /event-type/{{name}} event-type.patch event_types.patched admin
DELETE /event-type/{{name}} event-type.delete event_types.deleted admin
GET {_APP}/msg message.list messages.listed {VIEW}
POST {_APP}/msg message.create messages.created admin
POST {_APP}/msg/precheck/active message.precheck messages.prechecked admin
GET {_MESSAGE} message.get messages.one {VIEW}
DELETE {_MESSAGE}/content message.expunge-content messages.expunged admin
GET {_APP}/attempt/endpoint/{{endpoint_id}} message-attempt.list-by-endpoint attempts.by_endpoint {VIEW}
GET {_APP}/attempt/msg/{{msg_id}} message-attempt.list-by-msg attempts.by_message {VIEW}
GET {_ENDPOINT}/msg message-attempt.list-attempted-messages attempts.messages_of {VIEW}
GET {_MESSAGE}/endpoint message-attempt.list-attempted-destinations attempts.endpoints_of {VIEW}
GET {_MESSAGE}/attempt/{{attempt_id}} message-attempt.get attempts.one {VIEW}
GET {_MESSAGE}/attempt/{{attempt_id}}/headers message-attempt.get-headers attempts.headers {VIEW}
DELETE {_MESSAGE}/attempt/{{attempt_id}}/content message-attempt.expunge-content attempts.expunged admin
POST {_MESSAGE}/endpoint/{{endpoint_id}}/resend message-attempt.resend attempts.resent {ATTEMPTS}
GET /background-task background-task.list tasks.listed admin
GET /background-task/{{task_id}} background-task.get tasks.one {VIEW}
GET {_OPERATIONAL} {_OPERATOR}.list endpoints.listed admin
POST {_OPERATIONAL} {_OPERATOR}.create endpoints.created admin
GET {_OPERATIONAL}/{{endpoint_id}} {_OPERATOR}.get endpoints.one admin
PUT {_OPERATIONAL}/{{endpoint_id}} {_OPERATOR}.upsert endpoints.upserted admin
DELETE {_OPERATIONAL}/{{endpoint_id}} {_OPERATOR}.delete endpoints.deleted admin
GET {_OPERATIONAL}/{{endpoint_id}}/secret {_OPERATOR}.get-secret secrets.shown admin
POST {_OPERATIONAL}/{{endpoint_id}}/secret/rotate {_OPERATOR}.rotate-secret secrets.rotated admin
GET {_OPERATIONAL}/{{endpoint_id}}/headers {_OPERATOR}.get-headers secrets.headers admin
PUT {_OPERATIONAL}/{{endpoint_id}}/headers {_OPERATOR}.set-headers secrets.headers_set admin
""".strip().splitlines()
)


@dataclass(frozen=True)
class Match:
    """The operations of a path by method, and what its variable parts are."""

    operations: dict[str, Operation]
    parts: dict[str, str]


def matching(path: str) -> Match | None:
    """What is offered at a path below PREFIX; None: nothing."""
    for pattern, operations in _patterns():
        found = pattern.fullmatch(path)
        if found:
            return Match(operations, found.groupdict())
    return None


@cache
def _patterns() -> list[tuple[re.Pattern[str], dict[str, Operation]]]:
    by_path: dict[str, dict[str, Operation]] = {}
    for one in OPERATIONS:
        by_path.setdefault(one.path, {})[one.method] = one
    return [
        (re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), operations)
        for path, operations in by_path.items()
    ]
