"""The page about API keys: which there are, what they reach, and whether they work."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.settings.view import lines, settings_view, whole_number

PATH = "/settings/keys"


class ShownKey(msgspec.Struct):
    """A key that was just made, this once."""

    name: str
    api_key: str


class KeysPage(msgspec.Struct):
    """The keys, those that work first, and the one that was just made."""

    keys: list[dict[str, Any]]
    new_key: ShownKey | None = None


async def listed(visit: DashboardContext) -> Response:
    return await _page(visit)


async def _page(visit: DashboardContext, new_key: ShownKey | None = None) -> Response:
    keys = (await visit.account.get("/api-keys"))["data"]
    keys.sort(key=lambda key: (not key["works"], key["created_at"]))
    return settings_view(visit, "keys.html", KeysPage(keys, new_key), path=PATH, title="API keys")


async def changed(visit: DashboardContext) -> Response:
    return await ACTS[visit.text("do")](visit)


async def _made(visit: DashboardContext) -> Response:
    """Show the new key, this once."""
    body = {
        "name": visit.text("name"), "kind": visit.text("kind") or "full",
        "expires_in_days": whole_number("expires_in_days", visit.text("expires_in_days")),
        "connection_ids": lines(visit.text("connection_ids")),
    }  # fmt: skip
    made = await visit.account.send("POST", "/api-keys", body)
    return await _page(visit, ShownKey(visit.text("name"), made["api_key"]))


async def _revoked(visit: DashboardContext) -> Response:
    await visit.account.send("DELETE", f"/api-keys/{visit.text('key_id')}")
    return visit.onward(PATH, done="key_revoked")


ACTS: dict[str, Callable[[DashboardContext], Awaitable[Response]]] = {"make": _made, "revoke": _revoked}
