"""Managing webhooks over HTTP: what does not fit is refused, in the documented form, and nothing is kept of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.journeys.admin import Admin, admin

Json = dict[str, Any]

__all__ = ["admin"]


def places(answer: httpx.Response) -> list[list[str]]:
    """What a 422 names."""
    assert answer.status_code == 422, answer.text
    return [one["loc"] for one in answer.json()["detail"]]


# When to send


@pytest.mark.parametrize(
    ("at", "more"),
    [
        ("0001-01-01T00:00:00+10:00", {}),
        ("9999-12-31T23:59:59-10:00", {}),
        (timedelta(days=90, minutes=5), {}),
        (timedelta(hours=2), {"payloadRetentionHours": 1}),
    ],
)
async def test_a_message_that_could_never_be_sent_is_refused_and_not_kept(
    admin: Admin, at: str | timedelta, more: Json
):
    at = at if isinstance(at, str) else (datetime.now(UTC) + at).isoformat()
    body = {"eventType": "order.updated", "payload": {}, "deliverAt": at, **more}
    answer = await admin.ask("POST", f"{admin.app}/msg", json=body)
    assert places(answer) == [["body", "deliverAt"]]
    assert (await admin.do("GET", f"{admin.app}/msg"))["data"] == []


async def test_a_message_whose_time_is_over_is_sent_at_once(admin: Admin):
    await admin.endpoint()
    message = await admin.message(deliverAt="0001-01-01T00:00:00Z")
    await admin.tried(message)
    [listed] = (await admin.do("GET", f"{admin.app}/msg"))["data"]
    assert listed["deliverAt"] == message["deliverAt"] == "0001-01-01T00:00:00.000Z"


# The query


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "000001999999999999"), ("limit", "0000001"), ("status", "000000999999999999999999999"),
        ("status_code_class", "0001009"), ("limit", "٥"),
    ],
)  # fmt: skip
async def test_a_number_with_more_behind_it_is_another_number(admin: Admin, name: str, value: str):
    endpoint = await admin.endpoint()
    path = f"{admin.app}/attempt/endpoint/{endpoint}"
    assert places(await admin.ask("GET", path, params={name: value})) == [["query", name]]
