"""An organization's webhooks over HTTP, each answer held against the contract."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.fakes.hook_receiver import Receiver
from tests.journeys.admin_contract import faults
from tests.journeys.server import Organization, Server

Json = dict[str, Any]


@dataclass
class Admin:
    """An organization's webhooks, over HTTP."""

    server: Server
    house: Organization
    receiver: Receiver
    http: httpx.AsyncClient

    async def ask(
        self, method: str, path: str, token: str | None = None, **extra_fields: Any
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {token or self.house.key}", **extra_fields.pop("headers", {})}
        url = f"{self.server.url}/api/v1{path}"
        answer = await self.http.request(method, url, headers=headers, **extra_fields)
        assert faults(answer) == []
        return answer

    async def do(self, method: str, path: str, **extra_fields: Any) -> Json:
        answer = await self.ask(method, path, **extra_fields)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else {}

    @property
    def app(self) -> str:
        return f"/app/{self.house.id}"

    async def endpoint(self, path: str = "/hook", **extra_fields: Any) -> str:
        body = await self.do(
            "POST", f"{self.app}/endpoint", json={"url": self.receiver.url + path, **extra_fields}
        )
        text: str = body["id"]
        return text

    async def message(self, **extra_fields: Any) -> Json:
        body = {"eventType": "order.updated", "payload": {"n": 1}, **extra_fields}
        return await self.do("POST", f"{self.app}/msg", json=body)

    async def until(self, look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 20
        while not (value := await look()):
            assert time.monotonic() < deadline, "it did not happen"
            await asyncio.sleep(0.02)
        return value

    async def tried(self, message: Json, number: int = 1) -> list[Json]:
        """The attempts of a message, once there are so many."""

        async def look() -> list[Json]:
            data: list[Json] = (await self.do("GET", f"{self.app}/attempt/msg/{message['id']}"))["data"]
            return data if len(data) >= number else []

        return await self.until(look)

    async def task(self, path: str, **body: Any) -> int:
        """What a bulk task sent."""
        begun = await self.do("POST", path, json={"since": ago(hours=1), **body})

        async def look() -> Json | None:
            body = await self.do("GET", f"/background-task/{begun['id']}")
            return body if body["status"] == "finished" else None

        sent: int = (await self.until(look))["data"]["messagesSent"]
        return sent

    async def portal(self, *capabilities: str, **extra_fields: Any) -> str:
        body = {"capabilities": list(capabilities), **extra_fields}
        fields = await self.do("POST", f"/auth/app-portal-access/{self.house.id}", json=body)
        token: str = fields["token"]
        return token


def ago(**extra_fields: float) -> str:
    return (datetime.now(UTC) - timedelta(**extra_fields)).isoformat()


@pytest.fixture
async def admin(server: Server) -> AsyncIterator[Admin]:
    async with Receiver() as receiver, httpx.AsyncClient(timeout=30) as http:
        yield Admin(server, server.organization(), receiver, http)
