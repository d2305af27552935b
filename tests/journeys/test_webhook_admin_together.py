"""Managing webhooks over HTTP: requests at the same time, and what follows from one for the rest."""

import asyncio
from collections import Counter
from typing import Any

from tests.journeys.admin import Admin, admin

Json = dict[str, Any]

__all__ = ["admin"]


# Ten at once


async def test_of_ten_who_add_one_event_type_at_once_one_does(admin: Admin):
    tried = await asyncio.gather(
        *(
            admin.ask("POST", "/event-type", json={"name": "a.b", "description": f"the {n}th"})
            for n in range(10)
        )
    )
    assert Counter(one.status_code for one in tried) == {201: 1, 409: 9}
    [made] = [one.json() for one in tried if one.status_code == 201]
    assert (await admin.do("GET", "/event-type/a.b"))["description"] == made["description"]


async def test_of_ten_who_put_one_event_type_at_once_one_makes_it(admin: Admin):
    tried = await asyncio.gather(
        *(admin.ask("PUT", "/event-type/a.b", json={"description": f"the {n}th"}) for n in range(10))
    )
    assert Counter(one.status_code for one in tried) == {201: 1, 200: 9}
    assert [one.json()["description"] for one in tried] == [f"the {n}th" for n in range(10)]
    assert len({one.json()["createdAt"] for one in tried}) == 1


async def test_changes_of_one_event_type_at_once_all_count(admin: Admin):
    await admin.do("POST", "/event-type", json={"name": "a.b", "description": "x"})
    await asyncio.gather(
        *(
            admin.do("PATCH", "/event-type/a.b", json=change)
            for change in ({"description": "y"}, {"deprecated": True}, {"groupName": "g"}) * 3
        )
    )
    now = await admin.do("GET", "/event-type/a.b")
    assert (now["description"], now["deprecated"], now["groupName"]) == ("y", True, "g")


async def test_of_ten_who_put_one_application_at_once_one_makes_it_and_the_others_change_it(admin: Admin):
    uid = f"new-{admin.house.id}"
    tried = await asyncio.gather(
        *(admin.ask("PUT", f"/app/{uid}", json={"name": f"the {n}th"}) for n in range(10))
    )
    assert Counter(one.status_code for one in tried) == {201: 1, 200: 9}
    assert [one.json()["name"] for one in tried] == [f"the {n}th" for n in range(10)]
    assert len({one.json()["id"] for one in tried}) == 1


# Which application


async def test_a_message_does_not_go_into_another_application_than_its_path_says(admin: Admin):
    uid, other = f"new-{admin.house.id}", f"other-{admin.house.id}"
    message = {"eventType": "order.updated", "payload": {}}
    for path in (uid, other, admin.house.id):
        if path == other:
            made = await admin.do("POST", "/app", json={"name": "Other", "uid": other})
            uid = f"{uid}-2"
        for request, more in ((f"/app/{path}/msg", message), (f"/auth/app-portal-access/{path}", {})):
            answer = await admin.ask(
                "POST", request, json={**more, "application": {"name": "x", "uid": f"{uid}-3"}}
            )
            assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (
                422, ["body", "application", "uid"],
            )  # fmt: skip
    same = {**message, "application": {"name": "Other", "uid": other}}
    for path in (other, made["id"]):
        await admin.do("POST", f"/app/{path}/msg", json=same)
    fresh = {**message, "application": {"name": "New", "uid": f"fresh-{admin.house.id}"}}
    await admin.do("POST", f"/app/fresh-{admin.house.id}/msg", json=fresh)
    listed = (await admin.do("GET", "/app"))["data"]
    assert {one["uid"] for one in listed} == {admin.house.id, other, f"fresh-{admin.house.id}"}


async def test_putting_an_application_does_not_change_another(admin: Admin):
    other = f"other-{admin.house.id}"
    await admin.do("POST", "/app", json={"name": "Other", "uid": other})
    answer = await admin.ask("PUT", f"/app/new-{admin.house.id}", json={"name": "New", "uid": other})
    assert answer.status_code == 409
    assert (await admin.do("GET", f"/app/{other}"))["name"] == "Other"


# The operator is told


async def test_the_operator_is_told_of_every_endpoint_that_went_with_its_application(admin: Admin):
    await admin.do("POST", "/operational-webhook/endpoint", json={"url": f"{admin.receiver.url}/ops"})
    uid = f"other-{admin.house.id}"
    app = await admin.do("POST", "/app", json={"name": "Other", "uid": uid})
    body = {"url": f"{admin.receiver.url}/hook"}
    made = [
        (await admin.do("POST", f"/app/{uid}/endpoint", json={**body, "uid": name}))["id"] for name in "ab"
    ]
    await admin.do("DELETE", f"/app/{uid}")

    async def look() -> bool:
        return len(admin.receiver.got("/ops")) >= 4

    await admin.until(look)
    told = [one.json for one in admin.receiver.got("/ops")]
    assert {(one["data"]["appId"], one["data"]["appUid"]) for one in told} == {(app["id"], uid)}
    gone = {(one["data"]["endpointId"], one["data"]["endpointUid"]) for one in told
            if one["type"] == "endpoint.deleted"}  # fmt: skip
    assert gone == set(zip(made, "ab", strict=True))
