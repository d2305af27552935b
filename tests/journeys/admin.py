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

    async def ask(self, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token or self.house.key}", **more.pop("headers", {})}
        url = f"{self.server.url}/api/v1{path}"
        answer = await self.http.request(method, url, headers=headers, **more)
        assert faults(answer) == []
        return answer

    async def do(self, method: str, path: str, **more: Any) -> Json:
        answer = await self.ask(method, path, **more)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else {}

    @property
    def app(self) -> str:
        return f"/app/{self.house.id}"

    async def endpoint(self, path: str = "/hook", **more: Any) -> str:
        made = await self.do("POST", f"{self.app}/endpoint", json={"url": self.receiver.url + path, **more})
        found: str = made["id"]
        return found

    async def message(self, **more: Any) -> Json:
        body = {"eventType": "order.updated", "payload": {"n": 1}, **more}
        return await self.do("POST", f"{self.app}/msg", json=body)

    async def until(self, look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 20
        while not (found := await look()):
            assert time.monotonic() < deadline, "it did not happen"
            await asyncio.sleep(0.02)
        return found

    async def tried(self, message: Json, number: int = 1) -> list[Json]:
        """The attempts of a message, once there are so many."""

        async def look() -> list[Json]:
            found: list[Json] = (await self.do("GET", f"{self.app}/attempt/msg/{message['id']}"))["data"]
            return found if len(found) >= number else []

        return await self.until(look)

    async def task(self, path: str, **body: Any) -> int:
        """What a bulk task sent."""
        begun = await self.do("POST", path, json={"since": ago(hours=1), **body})

        async def look() -> Json | None:
            found = await self.do("GET", f"/background-task/{begun['id']}")
            return found if found["status"] == "finished" else None

        sent: int = (await self.until(look))["data"]["messagesSent"]
        return sent

    async def portal(self, *capabilities: str, **more: Any) -> str:
        body = {"capabilities": list(capabilities), **more}
        made = await self.do("POST", f"/auth/app-portal-access/{self.house.id}", json=body)
        token: str = made["token"]
        return token


def ago(**more: float) -> str:
    return (datetime.now(UTC) - timedelta(**more)).isoformat()


@pytest.fixture
async def admin(server: Server) -> AsyncIterator[Admin]:
    async with Receiver() as receiver, httpx.AsyncClient(timeout=30) as http:
        yield Admin(server, server.organization(), receiver, http)
