"""Every operation of the official Python client, of either generation, against a server.

    python tests/fakes/svix_surface.py BASE_URL KEY ORGANIZATION RECEIVER_URL

Prints the calls that were made, as a JSON list. Whatever does not answer as it must ends it with an error.
"""

import inspect
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from svix import models
from svix.api import Svix, SvixOptions
from svix.exceptions import HttpError, HTTPValidationError

base, key, organization, receiver = sys.argv[1:5]
client: Any = Svix(key, SvixOptions(server_url=base))
made: set[str] = set()
IS_NEW = "event_types" in models.EndpointIn.model_fields
TYPES = "event_types" if IS_NEW else "filter_types"
OLD = {"upsert": "update", "set_headers": "update_headers"}
"""What the first generation calls what the second renamed."""


def either(holder, *names):
    """What this generation of the client calls it."""
    return next(getattr(holder, name) for name in names if hasattr(holder, name))


def new(model, /, **fields):
    """A model of the client, by its name."""
    return either(models, model, model.replace("Upsert", "Update").replace("UpdateIn", "Update"))(**fields)


def call(path, /, *arguments, **options):
    """Calls client.<path>; options go into the class of options that its last parameter has."""
    made.add(path)
    parts = path.split(".")
    target = client
    for part in parts:
        found_either = either(target, part, OLD.get(part, part))
        target = found_either() if callable(found_either) and part != parts[-1] else found_either
    if options:
        parameters = list(inspect.signature(target).parameters.values())
        kind = type(parameters[-1].default)
        arguments = (*arguments, kind(**options))
    return target(*arguments)


def refused(status, path, *arguments, **options):
    try:
        call(path, *arguments, **options)
    except HTTPValidationError as problem:
        assert status == 422, (path, problem)
        return problem
    except HttpError as problem:
        assert problem.status_code == status, (path, problem.status_code, problem)
        return problem
    raise AssertionError(f"{path} was not refused")


def until(subject):
    deadline = time.monotonic() + 20
    while not (value := subject()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return value


now = datetime.now(UTC)
call("health.get")

# Applications
app = call("application.get", organization)
assert (app.id, app.uid) == (organization, organization)
other = call("application.create", new("ApplicationIn", name="Other", uid="other", metadata={"a": "b"}))
assert other.uid == "other"
refused(409, "application.create", new("ApplicationIn", name="Other", uid="other"))
assert call("application.get_or_create", new("ApplicationIn", name="Other", uid="other")).id == other.id
assert {record.id for record in call("application.list").data} == {organization, other.id}
assert call("application.patch", "other", new("ApplicationPatch", name="Changed")).name == "Changed"
upserted = call("application.upsert", "third", new("ApplicationIn", name="Third", uid="third"))
call("application.delete", upserted.id)
refused(404, "application.get", upserted.id)

# Event types
call("event_type.create", new("EventTypeIn", name="bill.paid", description="Paid"))
refused(409, "event_type.create", new("EventTypeIn", name="bill.paid", description="Paid"))
call("event_type.upsert", "bill.paid", new("EventTypeUpsertIn", description="Paid in full"))
call("event_type.patch", "bill.paid", new("EventTypePatch", description="Paid twice"))
assert call("event_type.get", "bill.paid").description == "Paid twice"
names = [record.name for record in call("event_type.list", limit=250, with_content=False).data]
assert {"bill.paid", "order.updated", "connection.created"} <= set(names)
call("event_type.delete", "bill.paid")
call("event_type.create", new("EventTypeIn", name="bill.paid", description="Back"))

# Endpoints
fields = {TYPES: ["order.updated", "bill.paid"]}
endpoint = call(
    "endpoint.create", organization,
    new("EndpointIn", url=f"{receiver}/hook", uid="mine", description="d", metadata={"k": "v"}, **fields),
)  # fmt: skip
assert getattr(endpoint, TYPES) == ["order.updated", "bill.paid"]
refused(422, "endpoint.create", organization, new("EndpointIn", url="http://10.1.2.3/", **{}))
refused(422, "endpoint.create", organization, new("EndpointIn", url="ftp://example.com/"))
refused(422, "endpoint.create", organization, new("EndpointIn", url=f"{receiver}/", **{TYPES: ["no.such"]}))
assert call("endpoint.get", organization, "mine").id == endpoint.id
assert [record.id for record in call("endpoint.list", organization, limit=1).data] == [endpoint.id]
call("endpoint.patch", organization, "mine", new("EndpointPatch", description="e"))
upsert = new("EndpointUpsertIn", url=f"{receiver}/hook", uid="mine", description="f", **fields)
assert call("endpoint.upsert", organization, "mine", upsert).description == "f"
secret = call("endpoint.get_secret", organization, "mine").key
assert secret.startswith("whsec_")
rotated = call("endpoint.rotate_secret", organization, "mine", new("EndpointSecretRotateIn"))
assert call("endpoint.get_secret", organization, "mine").key != secret
if IS_NEW:
    assert rotated.key != secret
call("endpoint.set_headers", organization, "mine", new("EndpointHeadersIn", headers={"x-one": "1", "authorization": "Bearer t"}))  # fmt: skip
call("endpoint.patch_headers", organization, "mine", new("EndpointHeadersPatchIn", headers={"x-two": "2"}))
headers = call("endpoint.get_headers", organization, "mine")
assert headers.headers == {"x-one": "1", "x-two": "2"}
assert headers.sensitive == ["authorization"]
script = "function handler(webhook) { webhook.payload.seen = webhook.variables.name; return webhook; }"
patch = new("EndpointTransformationPatch", code=script, enabled=True, variables={"name": "ann"})
call(
    "endpoint.transformation.patch" if IS_NEW else "endpoint.patch_transformation",
    organization,
    "mine",
    patch,
)
shown = call("endpoint.transformation.get" if IS_NEW else "endpoint.transformation_get", organization, "mine")
assert shown.code == script
call("endpoint.transformation_partial_update", organization, "mine",
     new("EndpointTransformationIn", enabled=True))  # fmt: skip

# Messages
message = call(
    "message.create", organization,
    new("MessageIn", event_type="bill.paid", payload={"n": 1}, event_id="e-1", tags=["t1"]),
)  # fmt: skip
assert message.id.startswith("msg_")
refused(409, "message.create", organization,
        new("MessageIn", event_type="bill.paid", payload={"n": 1}, event_id="e-1"))  # fmt: skip
assert call("message.get", organization, "e-1", with_content=True).payload == {"n": 1}
listed = call("message.list", organization, event_types=["bill.paid", "order.updated"], tag="t1",
              after=now - timedelta(minutes=5), with_content=True)  # fmt: skip
assert [record.id for record in listed.data] == [message.id]
assert listed.done
assert call("message.precheck", organization, new("MessagePrecheckIn", event_type="bill.paid")).active
assert not call("message.precheck", organization, new("MessagePrecheckIn", event_type="bill.x")).active
[attempt] = until(lambda: call("message_attempt.list_by_msg", organization, message.id).data)
assert (attempt.endpoint_id, attempt.response_status_code) == (endpoint.id, 204)
assert int(attempt.status) == 0

# Attempts
by_endpoint = call("message_attempt.list_by_endpoint", organization, "mine", status=models.MessageStatus(0),
                   tag="t1", event_types=["bill.paid"], with_content=True, with_msg=True)  # fmt: skip
assert [record.id for record in by_endpoint.data] == [attempt.id]
assert by_endpoint.data[0].msg.event_id == "e-1"
assert call("message_attempt.get", organization, message.id, attempt.id).id == attempt.id
[stand] = call("message_attempt.list_attempted_messages", organization, "mine").data
assert (stand.id, int(stand.status)) == (message.id, 0)
[at] = call("message_attempt.list_attempted_destinations", organization, message.id).data
assert (at.id, int(at.status)) == (endpoint.id, 0)
call("message_attempt.resend", organization, message.id, endpoint.id)
until(lambda: len(call("message_attempt.list_by_msg", organization, message.id).data) == 2)
call("message_attempt.expunge_content", organization, message.id, attempt.id)
assert call("message_attempt.get", organization, message.id, attempt.id).response == "EXPUNGED"

# Counts, examples, bulk work
assert call("endpoint.get_stats", organization, "mine").success == 1
if IS_NEW:
    attempts = call("endpoint.get_attempt_stats", organization, "mine", since=now - timedelta(hours=1))
    assert attempts.success == 2
example = call(
    "endpoint.send_example", organization, "mine", new("EventExampleIn", event_type="order.updated")
)
assert example.payload["event_type"] == "order.updated"
refused(400, "endpoint.send_example", organization, "mine", new("EventExampleIn", event_type="bill.paid"))
for name, model in (
    ("recover", "RecoverIn"),
    ("replay_missing", "ReplayIn"),
    ("bulk_replay", "BulkReplayIn"),
):
    task = call(f"endpoint.{name}", organization, "mine", new(model, since=now - timedelta(hours=1)))
    done = until(
        lambda task=task: (value := call("background_task.get", task.id)).status == "finished" and value
    )
    assert done.data["messagesSent"] == {"recover": 0, "replay_missing": 0}.get(
        name, done.data["messagesSent"]
    )
assert len(call("background_task.list", limit=10).data) == 3

call("message.expunge_content", organization, message.id)
assert call("message.get", organization, message.id, with_content=True).payload == {"expired": True}
problem = refused(400, "message_attempt.resend", organization, message.id, endpoint.id)
assert problem.code == "missing_payload"

# Operational endpoints
theirs = new(
    "OperationalWebhookEndpointIn", url=f"{receiver}/ops", uid="ops", **{TYPES: ["endpoint.created"]}
)
operational = "operational_webhook_endpoint" if hasattr(client, "operational_webhook_endpoint") else (
    "operational_webhook.endpoint"
)  # fmt: skip
call(f"{operational}.create", theirs)
assert call(f"{operational}.get", "ops").uid == "ops"
assert len(call(f"{operational}.list").data) == 1
call(
    f"{operational}.upsert",
    "ops",
    new("OperationalWebhookEndpointUpsertIn", url=f"{receiver}/ops", uid="ops"),
)
assert call(f"{operational}.get_secret", "ops").key.startswith("whsec_")
call(f"{operational}.rotate_secret", "ops", new("OperationalWebhookEndpointSecretIn"))
call(f"{operational}.set_headers", "ops", new("OperationalWebhookEndpointHeadersIn", headers={"x-a": "b"}))
assert call(f"{operational}.get_headers", "ops").headers == {"x-a": "b"}
call(f"{operational}.delete", "ops")

# Portal tokens
access = call("authentication.app_portal_access", organization, new("AppPortalAccessIn"))
assert f"token={access.token}" in access.url.partition("#")[2]
portal = Svix(access.token, SvixOptions(server_url=base))
assert portal.endpoint.get(organization, "mine").id == endpoint.id
try:
    portal.application.list()
except HttpError as problem:
    assert problem.status_code == 403
else:
    raise AssertionError("a portal token may not list applications")
portal.authentication.logout()
made.add("authentication.logout")
try:
    portal.endpoint.list(organization)
except HttpError as problem:
    assert problem.status_code == 401
else:
    raise AssertionError("the token works after the logout")
call("authentication.expire_all", organization, new("ApplicationTokenExpireIn"))

call("endpoint.delete", organization, "mine")
refused(404, "endpoint.get", organization, "mine")
print(json.dumps(sorted(made)))
