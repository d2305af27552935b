"""Pure parts of the pages about webhooks: forms, kinds of failures, and what a page may call."""

from contextlib import suppress

import msgspec
import pytest

from crossdock.dashboard.inside_webhooks import permission_of
from crossdock.dashboard.portal.pages import framed_by
from crossdock.dashboard.webhooks import endpoint_form
from crossdock.dashboard.webhooks.endpoint_form import EndpointForm
from crossdock.dashboard.webhooks.failure_kinds import ADVICE, kind_of
from crossdock.dashboard.webhooks.messages import links_of
from crossdock.dashboard.webhooks.scripts import variables_of
from crossdock.errors import Forbidden, Invalid
from crossdock.people.permissions import PERMISSIONS
from crossdock.svix_api.operations import OPERATIONS


def test_a_page_can_call_only_what_has_a_permission_of_its_kind():
    permissions = {}
    for operation in OPERATIONS:
        with suppress(Forbidden):
            permissions[operation.id] = permission_of(operation)
    assert set(permissions.values()) <= set(PERMISSIONS)
    for name in ("endpoint.get-secret", "endpoint.rotate-secret"):
        assert permissions[name] == "credentials.view"
    for name in ("message.create", "application.delete", "event-type.create", "authentication.logout"):
        assert name not in permissions
    for operation in OPERATIONS:
        if operation.method != "GET":
            assert permissions.get(operation.id, "webhooks.manage") != "webhooks.view"


def test_a_form_and_what_is_stored_say_the_same():
    endpoint = {
        "url": "https://a.example", "description": "d", "eventTypes": ["order.created"], "channels": None,
        "throttleRate": 5, "connectionIds": [], "customerIds": ["c 1", "c 2"],
    }  # fmt: skip
    form = endpoint_form.stored_form(endpoint, {"headers": {"x-a": "1"}, "sensitive": ["Cookie"]})
    body = endpoint_form.endpoint_body(form)
    assert body == endpoint
    assert endpoint_form.header_fields(form.headers) == {"x-a": "1"}


def test_headers_that_are_not_shown_stay_until_somebody_removes_them():
    before = {"headers": {"x-a": "1", "x-b": "2"}, "sensitive": ["Cookie"]}
    form = EndpointForm(headers="x-a: 1\nx-c: 3", kept_headers=["Cookie"])
    changes = endpoint_form.header_changes(form, before, {})
    assert changes == {"headers": {"x-c": "3"}, "deleteHeaders": ["x-b"]}
    removed = endpoint_form.header_changes(form, before, {"remove_header:Cookie": "1"})
    assert removed is not None
    assert removed["deleteHeaders"] == ["x-b", "Cookie"]
    form = EndpointForm(headers="x-a: 1\nx-b: 2", kept_headers=["Cookie"])
    assert endpoint_form.header_changes(form, before, {}) is None


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (401, "", "unauthorized"), (404, "", "not_found"), (429, "", "rate_limited"),
        (422, "", "refused_event"),
        (301, "", "redirect"), (502, "", "receiver_fault"), (100, "", "other"),
        (0, "no complete answer within 15 s", "timeout"),
        (0, "ClientConnectorDNSError: Cannot connect to host x", "dns"),
        (0, "ClientConnectorError: Cannot connect to host x:9 ssl:default", "refused"),
        (0, "ClientConnectorCertificateError: Cannot connect to host", "tls"),
        (0, "ServerDisconnectedError: Server disconnected", "broken_off"),
        (0, "10.0.0.1 is at an address that is not connected to: 10.0.0.0/8 (private)", "blocked"),
        (0, "TypeError: cannot read property 'id' of undefined (at handler (line 3:12))", "transformation"),
    ],
)  # fmt: skip
def test_a_failure_has_a_kind_and_an_advice(code: int, reason: str, kind: str):
    assert kind_of(code, reason).name == kind
    assert kind_of(code, reason).advice == ADVICE[kind]


def test_variables_are_lines_and_a_fault_does_not_show_them():
    assert variables_of("a=1\n\nb = x=y \n") == {"a": "1", "b": " x=y "}
    with pytest.raises(Invalid) as raised:
        variables_of("s3cret")
    assert "s3cret" not in str(raised.value)


def test_who_may_frame_the_portal_is_a_list_of_origins():
    assert framed_by("*") == "*"
    assert (
        framed_by(" https://a.example , https://*.b.example:84") == "https://a.example https://*.b.example:84"
    )
    assert framed_by("none") == "'none'"


@pytest.mark.parametrize(
    ("event_type", "payload", "paths"),
    [
        (
            "order.updated",
            b'{"connection_id":"c1","integration_type":"wms","data":{"id":"a/b"}}',
            ["/connections/c1", "/explorer/c1/record/orders/a/b"],
        ),
        (
            "order.deleted",
            b'{"connection_id":"c1","integration_type":"wms","data":{"id":"x"}}',
            ["/connections/c1"],
        ),
        ("order.updated", b'{"connection_id":"c/1?","data":null}', ["/connections/c%2F1%3F"]),
        ("order.updated", b'{"connection_id":7}', []),
        ("mine", b"[1]", []),
        ("mine", b"{}", []),
    ],
)
def test_a_message_leads_to_what_it_is_about(event_type: str, payload: bytes, paths: list[str]):
    assert [link.path for link in links_of(event_type, msgspec.Raw(payload))] == paths
