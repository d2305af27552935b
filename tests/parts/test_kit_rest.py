"""What clients of REST vendors need not write themselves."""

import json

import pytest

from crossdock.errors import (
    InvalidCredentials,
    NotFound,
    VendorError,
    VendorNonsense,
    VendorRefused,
    VendorThrottled,
)
from crossdock.kit.contract import Call, PassthroughCall
from crossdock.kit.http import Http, Response
from crossdock.kit.rest import RestClient
from tests.fakes.vendor import FakeVendor, answer
from tests.parts.calls import fake, http, slept

__all__ = ["fake", "http", "slept"]


@pytest.fixture
def rest_client(fake: FakeVendor, http: Http) -> RestClient:
    return RestClient(http, f"{fake.url}/", {"X-Channel": "7"})


async def test_a_record_is_read_by_its_id_however_that_is_spelt(rest_client: RestClient, fake: FakeVendor):
    fake.script("/orders/a b/c?d", [answer(body={"id": "a b/c?d"})])
    assert await rest_client.read_one("/orders", "a b/c?d") == {"id": "a b/c?d"}
    assert fake.requests[0].headers["X-Channel"] == "7"


@pytest.mark.parametrize("status", [404, 410])
async def test_a_record_that_is_not_there_is_not_found(
    rest_client: RestClient, fake: FakeVendor, status: int
):
    fake.script("/orders/1", [answer(status, {"message": "no"})])
    with pytest.raises(NotFound, match="there is no /orders/1") as raised:
        await rest_client.read_one("/orders", "1")
    assert raised.value.record_id == "1"


async def test_another_refusal_is_not_taken_for_a_record_that_is_gone(
    rest_client: RestClient, fake: FakeVendor
):
    fake.script("/orders/1", [answer(422, {"message": "bad id"})])
    with pytest.raises(VendorRefused, match="422: bad id"):
        await rest_client.read_one("/orders", "1")


async def test_a_record_that_is_no_object_is_nonsense(rest_client: RestClient, fake: FakeVendor):
    fake.script("/orders/1", [answer(body=[])])
    with pytest.raises(VendorNonsense, match="wanted an object"):
        await rest_client.read_one("/orders", "1")


async def test_a_step_of_a_write_is_sent_as_it_is_shown(rest_client: RestClient, fake: FakeVendor):
    call = Call("PATCH", "/orders/1", {"state": "VOID"}, {"notify": True})
    fake.script("/orders/1", [answer(204)])
    assert await rest_client.call(call) is None
    wire, [value] = rest_client.shown(call), fake.requests
    assert (value.method, json.loads(value.body), dict(value.query)) == (
        wire.method, wire.body, {"notify": "true"},
    )  # fmt: skip
    assert wire.url == f"{fake.url}/orders/1"
    assert wire.headers.items() <= dict(value.headers).items()
    assert "Authorization" not in wire.headers


async def test_a_step_that_only_asks_is_repeated_and_another_is_not(
    rest_client: RestClient, fake: FakeVendor
):
    fake.script("/find", [answer(500), answer(body={"n": 1})])
    assert await rest_client.call(Call("POST", "/find", {}, asks=True)) == {"n": 1}
    fake.script("/make", [answer(500), answer(body={"n": 1})])
    with pytest.raises(VendorError, match="500"):
        await rest_client.call(Call("POST", "/make", {}))


class Moody(RestClient):
    """A vendor whose errors are not in the status."""

    def refusal(self, answer: Response) -> VendorError | None:
        body = answer.json()
        if answer.status == 403 and body.get("message") == "too fast":
            return VendorThrottled(9, status=403)
        if body.get("success") is False:
            return VendorRefused(f"{body['message']}", status=answer.status)
        return None


async def test_errors_that_the_status_does_not_tell_are_errors(
    fake: FakeVendor, http: Http, slept: list[float]
):
    moody = Moody(http, fake.url)
    fake.script("/a", [answer(200, {"success": False, "message": "no such SKU"})])
    with pytest.raises(VendorRefused, match="no such SKU"):
        await moody.get("/a")
    fake.script("/a", [answer(403, {"message": "too fast"}), answer(200, {"success": True, "n": 1})])
    assert (await moody.get("/a"))["n"] == 1
    assert slept == [pytest.approx(9)]
    fake.script("/a", [answer(401, {"message": "who?"})])
    with pytest.raises(InvalidCredentials):
        await moody.get("/a")


async def test_a_callers_own_call_is_passed_on_whatever_is_answered(
    rest_client: RestClient, fake: FakeVendor
):
    fake.script("/odd", [answer(418, {"tea": True})])
    response = await rest_client.passthrough(
        PassthroughCall("POST", "/odd", {"a": "1"}, {"X-Own": "me"}, {"b": 2})
    )
    assert (response.status, response.json()) == (418, {"tea": True})
    [value] = fake.requests
    assert (value.headers["X-Own"], value.headers["X-Channel"]) == ("me", "7")


def test_a_link_elsewhere_is_not_followed(rest_client: RestClient):
    assert rest_client.url(f"{rest_client.base_url}/orders?page=2") == f"{rest_client.base_url}/orders?page=2"
    for link in (
        "https://elsewhere.example/orders",
        f"{rest_client.base_url}.elsewhere.example/",
        "orders",
    ):
        with pytest.raises(VendorNonsense, match="is not below"):
            rest_client.url(link)


async def test_a_form_is_sent_as_one_and_xml_is_read(rest_client: RestClient, fake: FakeVendor):
    fake.script("/form", [answer(body=b"<r><id>7</id></r>", kind="text/xml")])
    response = await rest_client.send("POST", "/form", form={"a": "1 & 2", "b": [True, None, "ü"]})
    assert response.xml().findtext("id") == "7"
    [value] = fake.requests
    assert value.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert value.body == b"a=1+%26+2&b=true&b=%C3%BC"
