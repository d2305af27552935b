"""How erasures are asked for: over the API, on the command line, and by vendors that forward them."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock.kit.inbound import hmac_text
from crossdock.services.application import application
from crossdock.store.connections import access
from tests.fakes.modern_vendor import SIGNATURE
from tests.journeys.commands import Shell
from tests.journeys.conftest import World, order, with_settings
from tests.journeys.modern import ModernWorld, modern, vendor
from tests.journeys.test_erasing import ANNA, EMAIL, HERS, NAME, says_hers

__all__ = ["modern", "vendor"]


@pytest.fixture
def public(modern: ModernWorld) -> ModernWorld:
    """A world that vendors can reach."""
    world = with_settings(modern, base_url="https://hub.example")
    assert isinstance(world, ModernWorld)
    return world


@pytest.fixture
async def http(public: ModernWorld) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application(public.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="https://hub.example") as client:
        yield client


async def key(world: World, *, read_only: bool = False) -> dict[str, str]:
    _, secret = await access.create_key(
        world.services.database, world.organization, name="", read_only=read_only, now_ms=1
    )
    return {"x-trackstar-api-key": secret}


async def names(world: World, connection: Any) -> dict[str, Any]:
    documents = await world.documents(connection)
    return {key: document["ship_to_address"]["full_name"] for key, document in documents.items()}


async def test_a_person_is_shown_and_erased_over_the_api(public: ModernWorld, http: httpx.AsyncClient):
    public.vendor.collections["orders"] = [order(1, ship_to=HERS), order(2, ship_to=ANNA)]
    connection = await public.connect()
    headers = await key(public)
    shown = await http.post("/erasures", headers=headers, json={"email": EMAIL, "dry_run": True})
    assert (shown.status_code, shown.json()["data"]["state"]) == (200, "running")
    await public.work()
    path = f"/erasures/{shown.json()['data']['id']}"
    data = (await http.get(path, headers=headers)).json()["data"]
    assert (data["mode"], data["state"], data["counts"]) == ("show", "done", {"records": 1})
    assert data["examples"] == [{
        "place": "records", "connection_id": connection.uid, "id": "wms/orders/o-001",
        "fields": {
            "ship_to_address.full_name": "M…", "ship_to_address.company": "S…",
            "ship_to_address.address1": "L…", "ship_to_address.postal_code": "1…",
            "ship_to_address.phone_number": "+…", "ship_to_address.email_address": "M…",
        },
    }]  # fmt: skip
    assert (await names(public, connection))["o-001"] == NAME
    public.clock.pass_seconds(1)
    erased = await http.post("/erasures", headers=headers, json={"email": EMAIL})
    await public.work()
    path = f"/erasures/{erased.json()['data']['id']}"
    assert (await http.get(path, headers=headers)).json()["data"]["state"] == "settling"
    await public.next_sync(200)
    answer = await http.get(path, headers=headers)
    assert (answer.json()["data"]["state"], answer.json()["data"]["counts"]["records"]) == ("done", 1)
    assert not says_hers((answer.content,))
    assert await names(public, connection) == {"o-001": "erased", "o-002": "Anna Other"}
    proof = await http.get(f"{path}/proof", headers=headers)
    assert proof.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(proof.text)))
    assert {row["place"]: row["count"] for row in rows}["records"] == "1"
    assert all(row["identifiers"].startswith("email:") for row in rows)
    listed = (await http.get("/erasures", headers=headers)).json()
    assert [erasure["mode"] for erasure in listed["data"]] == ["erase", "show"]


async def test_who_may_only_read_or_is_of_another_organization_erases_nobody(
    public: ModernWorld, http: httpx.AsyncClient
):
    refused = await http.post("/erasures", headers=await key(public, read_only=True), json={"email": EMAIL})
    assert refused.status_code == 403
    headers = await key(public)
    made = (await http.post("/erasures", headers=headers, json={"email": EMAIL})).json()["data"]["id"]
    stranger = await access.create_organization(public.services.database, "Stranger", 1)
    _, secret = await access.create_key(
        public.services.database, stranger, name="", read_only=False, now_ms=1
    )
    theirs = {"x-trackstar-api-key": secret}
    for path in (f"/erasures/{made}", f"/erasures/{made}/proof"):
        assert (await http.get(path, headers=theirs)).status_code == 404
    assert (await http.get("/erasures", headers=theirs)).json()["data"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "must say who is meant"), ({"email": "nobody"}, "is no e-mail address"),
        ({"phone": "123"}, "must have at least 7 digits"),
        ({"address": "Lindenallee 1"}, "must come with a name"),
        ({"everyone": True}, "must come with the connection_id"),
    ],
)  # fmt: skip
async def test_a_bad_request_says_what_is_wrong_and_queues_nothing(
    public: ModernWorld, http: httpx.AsyncClient, body: dict[str, Any], words: str
):
    answer = await http.post("/erasures", headers=await key(public), json=body)
    assert (answer.status_code, words in answer.text) == (422, True), answer.text
    assert list(await public.services.database.fetch("SELECT 1 FROM jobs WHERE kind = 'erase'")) == []


async def told(world: ModernWorld, http: httpx.AsyncClient, hook: Any, topic: str, **fields: Any) -> int:
    """A compliance webhook of the vendor, signed as it signs; the status that it gets."""
    body = json.dumps({"topic": topic, **fields}).encode()
    headers = {SIGNATURE: hmac_text(hook["secret"], body)}
    return (await http.post(hook["url"], content=body, headers=headers)).status_code


async def test_a_shop_s_compliance_webhooks_show_and_erase_in_that_shop_only(
    public: ModernWorld, http: httpx.AsyncClient
):
    public.vendor.collections["orders"] = [order(1, ship_to=HERS), order(2, ship_to=ANNA)]
    shop, other = await public.connect(), await public.connect()
    hook = public.vendor.hooks[min(public.vendor.hooks)]
    customer = {"email": EMAIL, "phone": None}
    assert await told(public, http, hook, "customers/data_request", customer=customer) == 200
    await public.work()
    rows = await public.services.database.fetch("SELECT mode, source, counts FROM erasures")
    assert [tuple(row) for row in rows] == [("show", "notice", '{"records":1}')]
    assert await told(public, http, hook, "customers/redact", customer=customer, orders=["N2"]) == 200
    await public.work()
    await public.next_sync(200)
    assert await names(public, shop) == {"o-001": "erased", "o-002": "erased"}
    assert await names(public, other) == {"o-001": NAME, "o-002": "Anna Other"}
    other_hook = public.vendor.hooks[max(public.vendor.hooks)]
    before = await public.rows(shop)
    assert await told(public, http, other_hook, "shop/redact") == 200
    await public.work()
    await public.next_sync(200)
    assert await names(public, other) == {"o-001": "erased", "o-002": "erased"}
    assert await public.rows(shop) == before
    # What nobody signed, and what can't be made out, erases nobody.
    count = len(await public.services.database.fetch("SELECT 1 FROM erasures"))
    assert await told(public, http, hook | {"secret": "forged"}, "shop/redact") == 401
    assert await told(public, http, hook, "customers/redact", customer="odd") == 400
    assert len(await public.services.database.fetch("SELECT 1 FROM erasures")) == count


async def test_the_command_line_shows_and_erases(public: ModernWorld, tmp_path: Path):
    if public.services.settings.database.startswith("postgresql"):
        pytest.skip("one database is enough for how it looks")
    public.vendor.collections["orders"] = [order(1, ship_to=HERS), order(2, ship_to=ANNA)]
    connection = await public.connect()
    settings = public.services.settings
    shell = Shell(
        tmp_path,
        {
            "CROSSDOCK_DATABASE_URL": settings.database_url, "CROSSDOCK_DATA_DIR": settings.data_dir,
            "CROSSDOCK_SECRET_KEY": settings.secret_key,
        },
    )  # fmt: skip
    assert shell.run("erase", "--email", EMAIL, "--show", "--json").json["counts"] == {"records": 1}
    erased = shell.run("erase", "--email", EMAIL, "--yes")
    assert "a worker looks once more" in erased.out, erased.err
    assert await names(public, connection) == {"o-001": "erased", "o-002": "Anna Other"}
    listed = shell.run("erasures", "--csv")
    assert "email:" in listed.out
    assert not says_hers((listed.out,))
