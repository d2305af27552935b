"""Sending again: an example stays at its endpoint, and what failed is found by when it failed."""

from tests.fakes.hook_receiver import status
from tests.journeys.admin import Admin, admin

__all__ = ["admin"]


async def example(admin: Admin, endpoint: str) -> dict[str, object]:
    path = f"{admin.app}/endpoint/{endpoint}/send-example"
    sent = await admin.do("POST", path, json={"eventType": "order.created"})
    await admin.tried(sent)
    return sent


async def test_an_example_is_never_replayed_to_another_endpoint(admin: Admin):
    one, two = await admin.endpoint("/one"), await admin.endpoint("/two")
    await example(admin, one)
    assert await admin.task(f"{admin.app}/endpoint/{two}/replay-missing") == 0
    real = await admin.message()
    await admin.tried(real, 2)
    for task in ("replay-missing", "recover"):
        assert await admin.task(f"{admin.app}/endpoint/{two}/{task}") == 0
    assert await admin.task(f"{admin.app}/endpoint/{two}/bulk-replay") == 1
    await admin.tried(real, 3)
    assert {one.headers["webhook-id"] for one in admin.receiver.got("/two")} == {real["id"]}


async def test_an_example_is_not_sent_to_another_endpoint_by_hand_either(admin: Admin):
    one, two = await admin.endpoint("/one"), await admin.endpoint("/two")
    sent = await example(admin, one)
    path = f"{admin.app}/msg/{sent['id']}/endpoint"
    refused = await admin.ask("POST", f"{path}/{two}/resend", json={})
    assert (refused.status_code, refused.json()["code"]) == (400, "example_of_another_endpoint")
    await admin.do("POST", f"{path}/{one}/resend", json={})
    await admin.tried(sent, 2)
    assert not admin.receiver.got("/two")


async def test_an_example_that_failed_is_recovered_at_its_own_endpoint_and_stays_in_the_log(admin: Admin):
    admin.receiver.answer("/one", status(500))
    one = await admin.endpoint("/one")
    sent = await example(admin, one)
    admin.receiver.answer("/one", status(200))
    assert await admin.task(f"{admin.app}/endpoint/{one}/recover") == 1
    await admin.tried(sent, 2)
    assert [each["id"] for each in (await admin.do("GET", f"{admin.app}/msg"))["data"]] == [sent["id"]]
