"""An id that holds a slash is reached by every path, with `%2F` in place of the slash."""

from urllib.parse import quote

import httpx
import pytest

from tests.journeys.conftest import World, order
from tests.journeys.windows import Caller, http, new_caller

__all__ = ["http"]

ID = "SKU/5 é%2F"


@pytest.fixture
async def caller(world: World, http: httpx.AsyncClient) -> Caller:
    world.vendor.collections["orders"] = [{**order(1), "id": ID}, order(2)]
    return await new_caller(world, http)


async def test_reads_history_and_tags_reach_a_record_whose_id_holds_a_slash(caller: Caller):
    path = f"/wms/orders/{quote(ID, safe='')}"
    response = await caller.call("GET", path)
    assert (response.status_code, response.json()["data"]["id"]) == (200, ID)
    assert (await caller.call("GET", path.replace("%2F", "%2f", 1))).status_code == 200
    tagged = await caller.call("PUT", f"{path}/trackstar-tags", json={"trackstar_tags": ["a"]})
    assert tagged.status_code == 200
    assert (await caller.call("GET", path)).json()["data"]["trackstar_tags"] == ["a"]
    assert (await caller.call("GET", f"{path}/history")).status_code == 200
    assert (await caller.call("HEAD", path)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/wms/orders/no%2Fsuch", 404),
        ("GET", "/wms/orders/%2F", 404), ("PUT", "/wms/orders/no%2Fsuch/trackstar-tags", 404),
        ("GET", "/wms/orders/%FF%2F", 404), ("DELETE", "/wms/orders/a%2Fb", 404),
    ],
)  # fmt: skip
async def test_an_id_with_a_slash_that_there_is_not_is_not_found(
    caller: Caller, method: str, path: str, status: int
):
    body = {"trackstar_tags": ["a"]} if method == "PUT" else None
    answer = await caller.call(method, path, json=body)
    assert answer.status_code in (status, 405)
    assert answer.json()["origin"] == "trackstar"
