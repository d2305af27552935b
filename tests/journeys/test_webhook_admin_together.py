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
    assert Counter(response.status_code for response in tried) == {201: 1, 409: 9}
    [value] = [response.json() for response in tried if response.status_code == 201]
    assert (await admin.do("GET", "/event-type/a.b"))["description"] == value["description"]


async def test_of_ten_who_put_one_event_type_at_once_one_makes_it(admin: Admin):
    tried = await asyncio.gather(
        *(admin.ask("PUT", "/event-type/a.b", json={"description": f"the {n}th"}) for n in range(10))
    )
    assert Counter(response.status_code for response in tried) == {201: 1, 200: 9}
    assert [response.json()["description"] for response in tried] == [f"the {n}th" for n in range(10)]
    assert len({response.json()["createdAt"] for response in tried}) == 1


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
    assert Counter(response.status_code for response in tried) == {201: 1, 200: 9}
    assert [response.json()["name"] for response in tried] == [f"the {n}th" for n in range(10)]
    assert len({response.json()["id"] for response in tried}) == 1


# Which application


async def test_a_message_does_not_go_into_another_application_than_its_path_says(admin: Admin):
    uid, other_text = f"new-{admin.house.id}", f"other-{admin.house.id}"
    message = {"eventType": "order.updated", "payload": {}}
    for path in (uid, other_text, admin.house.id):
        if path == other_text:
            body = await admin.do("POST", "/app", json={"name": "Other", "uid": other_text})
            uid = f"{uid}-2"
        for request, extra_entry in ((f"/app/{path}/msg", message), (f"/auth/app-portal-access/{path}", {})):
            answer = await admin.ask(
                "POST", request, json={**extra_entry, "application": {"name": "x", "uid": f"{uid}-3"}}
            )
            assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (
                422, ["body", "application", "uid"],
            )  # fmt: skip
    same_fields = {**message, "application": {"name": "Other", "uid": other_text}}
    for path in (other_text, body["id"]):
        await admin.do("POST", f"/app/{path}/msg", json=same_fields)
    fresh = {**message, "application": {"name": "New", "uid": f"fresh-{admin.house.id}"}}
    await admin.do("POST", f"/app/fresh-{admin.house.id}/msg", json=fresh)
    listed = (await admin.do("GET", "/app"))["data"]
    assert {item["uid"] for item in listed} == {admin.house.id, other_text, f"fresh-{admin.house.id}"}


async def test_putting_an_application_does_not_change_another(admin: Admin):
    other_text = f"other-{admin.house.id}"
    await admin.do("POST", "/app", json={"name": "Other", "uid": other_text})
    answer = await admin.ask("PUT", f"/app/new-{admin.house.id}", json={"name": "New", "uid": other_text})
    assert answer.status_code == 409
    assert (await admin.do("GET", f"/app/{other_text}"))["name"] == "Other"


# The operator is told


async def test_the_operator_is_told_of_every_endpoint_that_went_with_its_application(admin: Admin):
    await admin.do("POST", "/operational-webhook/endpoint", json={"url": f"{admin.receiver.url}/ops"})
    uid = f"other-{admin.house.id}"
    app = await admin.do("POST", "/app", json={"name": "Other", "uid": uid})
    body = {"url": f"{admin.receiver.url}/hook"}
    ids = [
        (await admin.do("POST", f"/app/{uid}/endpoint", json={**body, "uid": name}))["id"] for name in "ab"
    ]
    await admin.do("DELETE", f"/app/{uid}")

    async def look() -> bool:
        return len(admin.receiver.got("/ops")) >= 4

    await admin.until(look)
    bodies = [item.json for item in admin.receiver.got("/ops")]
    assert {(body["data"]["appId"], body["data"]["appUid"]) for body in bodies} == {(app["id"], uid)}
    items = {(body["data"]["endpointId"], body["data"]["endpointUid"]) for body in bodies
            if body["type"] == "endpoint.deleted"}  # fmt: skip
    assert items == set(zip(ids, "ab", strict=True))
