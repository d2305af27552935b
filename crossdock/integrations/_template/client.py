"""Speaks the Acme API: https://developer.example.com."""

from collections.abc import AsyncIterator

from crossdock.integrations import paging
from crossdock.integrations.answers import member
from crossdock.integrations.auth import bearer
from crossdock.integrations.contract import Account, Context, Json, Page, Raw, Walk


class Client:
    """Raw pages out of Acme."""

    def __init__(self, context: Context) -> None:
        self._base = context.credentials["base_url"].rstrip("/")
        self._http = context.http.signed(bearer(context.credentials["api_key"]))

    async def check(self) -> Account:
        """Whom the API key belongs to."""
        found = (await self._http.send("GET", f"{self._base}/account")).json()
        return Account(member(found, "name", str), {"account_id": member(found, "id", str)})

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """Oldest change first. Source: docs, "Lists"."""
        return self._changed("/orders", walk)

    def _changed(self, path: str, walk: Walk) -> AsyncIterator[Page]:
        start = walk.start.isoformat() if walk.start else None
        # `since` is inclusive, `until` is not: the newest of the last walk comes again, and is unchanged.
        window = {"since": walk.mark or start, "until": walk.end.isoformat() if walk.end else None}

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            params = {**window, "cursor": cursor, "limit": 100}
            answer = (await self._http.send("GET", self._base + path, params=params)).json()
            return member(answer, "data", list), answer.get("next")

        return paging.by_cursor(walk, fetch, mark=paging.newest("updated_at"))
