"""Calls of the caller's own reach the connected system, and nothing else."""

from typing import Any

import pytest

from tests.fakes.vendor import answer, dropped, redirected, throttled
from tests.journeys.conftest import World, order
from tests.journeys.writing import Hand, writing

PATH = "/wms/passthrough"


async def passed(hand: Hand, method: str = "GET", path: str = "/echo", **extra_fields: Any) -> dict[str, Any]:
    response = await hand.send("POST", PATH, {"method": method, "path": path, **extra_fields})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    assert list(body) == ["status_code", "headers", "body"]
    return body


async def test_the_answer_of_the_connected_system_comes_inside_of_ours(world: World):
    async with writing(world) as hand:
        body = await passed(hand, "POST", "/echo/a%20b", params={"page": 1.5, "on": True}, data={"x": [1.5]})
        assert body["status_code"] == 200
        assert body["body"]["path"] == "/echo/a%20b?page=1.5&on=true"
        assert (body["body"]["method"], body["body"]["body"]) == ("POST", '{"x":[1.5]}')
        missing = await passed(hand, path="/orders/nowhere")
        assert (missing["status_code"], missing["body"]) == (404, {"message": "no such record: nowhere"})


async def test_it_changes_the_system_but_nothing_is_stored_and_nobody_is_told(world: World):
    async with writing(world) as hand:
        before = await world.told(hand.connection)
        body = await passed(hand, "POST", "/orders", data={"number": "P-1"})
        assert hand.held()[0]["id"] == body["body"]["id"]
        assert (await world.count(hand.connection), await world.told(hand.connection)) == (0, before)


@pytest.mark.parametrize("status", [400, 429, 500])
async def test_a_refusal_is_an_answer_too_and_is_not_tried_again(world: World, status: int):
    async with writing(world) as hand:
        world.vendor.script("/echo", [answer(status, {"message": "no"})])
        body = await passed(hand)
        assert (body["status_code"], body["body"]) == (status, {"message": "no"})
        assert hand.sent("GET", "/echo") == 1


async def test_redirects_are_answers_and_are_not_followed(world: World):
    async with writing(world) as hand:
        world.vendor.script("/echo", [redirected("http://169.254.169.254/latest")])
        body = await passed(hand)
        assert (body["status_code"], body["headers"]["Location"]) == (302, "http://169.254.169.254/latest")


@pytest.mark.parametrize(
    ("content", "kind", "shown"),
    [
        (b'{"a": 12345678901234567890.10}', "application/json", None),
        (b"<a/>", "text/xml", "<a/>"),
        (b"plain", "text/plain; charset=utf-8", "plain"),
        (b"{no json", "application/json", "{no json"),
        (b"\x89PNG\xff", "image/png", {"content_type": "image/png", "base64": "iVBOR/8="}),
        (b"\xff\xfe", "text/plain", {"content_type": "text/plain", "base64": "//4="}),
        (b"", "application/json", None),
    ],
)
async def test_json_is_json_text_is_text_and_all_else_is_base64(
    world: World, content: bytes, kind: str, shown: Any
):
    async with writing(world) as hand:
        world.vendor.script("/echo", [answer(200, content, kind=kind)])
        response = await hand.send("POST", PATH, {"method": "GET", "path": "/echo"})
        if shown is None:
            assert (content or b"null") in response.content
        else:
            assert response.json()["body"] == shown


async def test_the_sign_in_can_be_neither_changed_nor_read_back(world: World):
    async with writing(world) as hand:
        fields = await passed(hand, headers={"X-Mine": "1"})
        assert fields["body"]["headers"]["X-Mine"] == "1"
        assert fields["body"]["headers"]["Authorization"] == "Bearer ***"
        assert "secret-token" not in str(fields)
        assert "Set-Cookie" not in fields["headers"]
        for name in (
            "Authorization",
            "authorization",
            "Cookie",
            "Host",
            "Content-Length",
            "Transfer-Encoding",
        ):
            body = {"method": "GET", "path": "/echo", "headers": {name: "x"}}
            refused = await hand.send("POST", PATH, body)
            assert f"headers.{name}" in refused.json()["detail"]["json"]


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/x", "//evil.example/x", "/\\evil.example", "\\\\evil.example", "https:x",
        "https%3A%2F%2Fx",
        "/../x", "/a/../../x", "/%2e%2e/x", "/a/%2E%2E/x", "/%252e%252e/x", "/..%2fx", "/a/..;/x",
        "/%2f/evil", "/a//evil", "/%2f%2fevil", "/a b", "/a\nb", "/a%0ab", "/a\tb", "/a#b",
        "/\x00", "/%00", "",
        "?x=1", "@evil.example", ":80/x", "/./x", "/a/.", "http:/x", "/a?b c", None, 7, "/" + "x" * 9000,
    ],
)  # fmt: skip
async def test_p11_a_path_that_could_lead_elsewhere_is_refused(world: World, path: Any):
    async with writing(world) as hand:
        before = len(world.vendor.requests)
        response = await hand.send("POST", PATH, {"method": "GET", "path": path})
        assert (response.status_code, len(response.json()["detail"]["json"])) == (422, 1)
        assert len(world.vendor.requests) == before


async def test_all_that_is_wrong_with_a_call_is_told_at_once(world: World):
    async with writing(world) as hand:
        body = {
            "method": "TRACE", "path": "x", "headers": {"a b": "1", "X": "a\r\nb", "Y": 3},
            "params": {"p": {"deep": 1}}, "more": 1,
        }  # fmt: skip
        response = await hand.send("POST", PATH, body)
        assert set(response.json()["detail"]["json"]) == {
            "method", "headers.a b", "headers.X", "headers.Y", "params.p", "more",
        }  # fmt: skip


@pytest.mark.parametrize(("method", "is_sent"), [("GET", False), ("DELETE", False), ("PUT", True)])
async def test_data_is_sent_with_post_put_and_patch_and_ignored_otherwise(
    world: World, method: str, is_sent: bool
):
    async with writing(world) as hand:
        body = await passed(hand, method, data={"x": 1})
        assert body["body"]["body"] == ('{"x":1}' if is_sent else "")


@pytest.mark.parametrize(
    ("path", "text"),
    [("echo", "/echo"), ("echo/a?b=1", "/echo/a?b=1"), ("/echo/v1:x@y", "/echo/v1:x@y"), ("/echo:all", None)],
)
async def test_a_path_without_a_slash_is_below_the_base_url_too(world: World, path: str, text: str | None):
    async with writing(world) as hand:
        body = await passed(hand, path=path)
        if text is not None:
            assert body["body"]["path"] == text
        assert world.vendor.requests[-1].path.startswith("/echo")


async def test_a_parameter_that_is_null_is_left_out(world: World):
    async with writing(world) as hand:
        body = await passed(hand, params={"a": None, "b": [1, None, 2], "c": False})
        assert body["body"]["path"] == "/echo?b=1&b=2&c=false"


async def test_a_system_that_does_not_answer_is_told_with_its_origin(world: World):
    async with writing(world) as hand:
        world.vendor.script("/echo", [dropped()])
        response = await hand.send("POST", PATH, {"method": "GET", "path": "/echo"})
        assert (response.status_code, response.json()["origin"]) == (503, "integration")


async def test_a_call_heeds_what_the_connected_system_said_about_its_limits(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        world.vendor.script("/orders/o-001", [throttled(3600)])
        await hand.send("PUT", "/wms/orders/o-001", {"total_price": 1})
        response = await hand.send("POST", PATH, {"method": "GET", "path": "/echo"})
        assert (response.status_code, response.json()["origin"]) == (503, "integration")
        assert hand.sent("GET", "/echo") == 0
