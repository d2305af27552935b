"""Lists of Extensiv's that are not as documented: refused, or set aside, and the end of no run."""

from pathlib import Path
from typing import Any

import pytest

from crossdock.errors import VendorError
from crossdock.kit import registry
from crossdock.kit.contract import Context, Walk
from crossdock.kit.misfits import UNREADABLE, read_leniently
from crossdock.kit.session import LocalSession
from tests.contracts.replay import replayed_http

RELS = "http://api.3plCentral.com/rels/"
STRANGE: tuple[Any, ...] = (
    None, 7, "ok", [], {}, {"totalResults": "many"}, {"totalResults": 1, "_embedded": []},
    {"totalResults": 1, "_embedded": {"item": None}},
)  # fmt: skip
RECORDS: tuple[Any, ...] = (
    None, 7, "x", [], {}, {"readOnly": 7}, {"readOnly": {"orderId": [1], "receiverId": {}, "customerId": []}},
    {"readOnly": {"itemId": {}, "customerIdentifier": {"id": []}}, "facilities": [7]}, {"name": {}},
    {"name": "UPS", "shipmentServices": [7]},
)  # fmt: skip
FUNCTIONS = tuple(registry.get_integration("wms", "extensiv").manifest.functions.read)


async def walked(
    function: str, bodies: list[Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> list[Any]:
    """The records that a walk yields when each request is answered with these, in turn, and then the last."""
    integration = registry.get_integration("wms", "extensiv")
    http, _, _ = replayed_http(integration.manifest, [])
    credentials = {"client_id": "c", "client_secret": "s", "user_login": "u", "time_zone": "UTC"}
    session = LocalSession({"tokens": {"access_token": "t"}})
    context = Context(
        credentials, http, folder, slug="extensiv", session=session, manifest=integration.manifest
    )
    client: Any = integration.client(context)
    left = list(bodies)

    async def get(_path: str, **_params: Any) -> Any:
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(client, "get", get)
    walk = getattr(client, integration.resources[function].name)
    return [record async for page in walk(Walk()) for record in page.records]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("body", STRANGE)
async def test_an_answer_that_is_no_list_is_refused(
    function: str, body: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(VendorError):
        await walked(function, [body], tmp_path, monkeypatch)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("record", RECORDS)
async def test_a_record_that_is_none_is_refused_or_set_aside(
    function: str, record: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    names = ("orders/order", "inventory/receiver", "customers/customer", "customers/item",
             "properties/facility", "properties/location", "properties/carrier")  # fmt: skip
    body = {
        "totalResults": 1,
        "_embedded": {f"{RELS}{name}": [record] for name in names} | {"item": [record]},
    }
    integration = registry.get_integration("wms", "extensiv")
    read = integration.reader(integration.resources[function])
    try:
        records = await walked(function, [body], tmp_path, monkeypatch)
    except VendorError:
        return
    for raw in records:
        try:
            read_leniently(read, raw)
        except UNREADABLE:
            continue
