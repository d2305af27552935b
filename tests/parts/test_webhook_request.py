"""The request that an endpoint and a message make."""

import base64
from datetime import UTC, datetime

import pytest

from crossdock.net.addresses import AddressPolicy
from crossdock.store.webhooks.deliveries import FAIL
from crossdock.store.webhooks.endpoints import Endpoint, EndpointSecret, HiddenHeaders
from crossdock.store.webhooks.messages import Message
from crossdock.webhooks.deliver import DeliverySettings, attempt, new_session
from crossdock.webhooks.request import RequestDraft, request
from crossdock.webhooks.transform import TransformScripts
from tests.fakes.hostile_urls import HOSTILE, HOSTILE_NAMES
from tests.parts.test_hostile_urls import CountingResolver, Trap, trap

__all__ = ["trap"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD = "whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7"
NOW = int(datetime.now(UTC).timestamp())


def test_p08_an_old_secret_signs_until_its_time_is_over():
    until = (NOW + 10) * 1000
    hidden = HiddenHeaders(
        url="https://example.com/", secrets=[EndpointSecret(SECRET), EndpointSecret(OLD, until)]
    )
    draft = RequestDraft(hidden.url, b"{}")
    before = request(draft, hidden, "msg_1", until - 1, "test").headers["webhook-signature"]
    after = request(draft, hidden, "msg_1", until, "test").headers["webhook-signature"]
    assert (len(before.split(" ")), len(after.split(" "))) == (2, 1)


def test_the_user_of_a_url_becomes_a_header_unless_one_is_set():
    hidden = HiddenHeaders(url="https://ann:s%40cret@example.com/x?y=1", secrets=[EndpointSecret(SECRET)])
    webhook_request = request(RequestDraft(hidden.url, b"{}"), hidden, "msg_1", NOW * 1000, "test")
    assert webhook_request.headers["authorization"] == "Basic " + base64.b64encode(b"ann:s@cret").decode()
    assert str(webhook_request.url) == "https://example.com/x?y=1"
    hidden.headers = {"Authorization": "Bearer mine"}
    webhook_request = request(RequestDraft(hidden.url, b"{}"), hidden, "msg_1", NOW * 1000, "test")
    assert webhook_request.headers["authorization"] == "Bearer mine"
    assert webhook_request.shown().sent["authorization"] == "***"


@pytest.mark.parametrize("url", HOSTILE + HOSTILE_NAMES)
async def test_p10_an_attempt_to_a_hostile_url_connects_to_nothing_and_says_so(url: str, trap: Trap):
    hidden = HiddenHeaders(url=url, secrets=[EndpointSecret(SECRET)])
    endpoint = Endpoint(number=1, id="ep_1", organization_id="o", application_id="o", hidden=hidden)
    message = Message(id="msg_1", application_id="o", type="order.created", at_ms=0, body=b"{}")
    async with (
        new_session(AddressPolicy(), resolver=CountingResolver()) as session,
        TransformScripts() as scripts,
    ):
        outcome = await attempt(
            DeliverySettings(session, scripts, "http://here"), endpoint, message, NOW * 1000
        )
    assert (outcome.status, outcome.code) == (FAIL, 0)
    assert outcome.response
    assert (trap.begun, trap.arrived) == ([], 0)
