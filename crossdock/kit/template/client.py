"""Speaks the Acme API: https://developer.example.com."""

from collections.abc import AsyncIterator

from crossdock.kit import paging
from crossdock.kit.auth.fixed import bearer
from crossdock.kit.contract import Account, Context, Json, Page, Raw, Walk
from crossdock.kit.responses import member
from crossdock.kit.rest import RestClient


class Client(RestClient):
    """Raw pages out of Acme."""

    def __init__(self, context: Context) -> None:
        http = context.http.signed(bearer(context.credentials["api_key"]))
        super().__init__(http, context.credentials["base_url"])

    async def check(self) -> Account:
        """The account that the API key belongs to."""
        account = await self.get("/account")
        return Account(member(account, "name", str), {"account_id": member(account, "id", str)})

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """Oldest change first. Source: docs, "Lists"."""
        return self._changed("/orders", walk)

    def _changed(self, path: str, walk: Walk) -> AsyncIterator[Page]:
        start = walk.start.isoformat() if walk.start else None
        # `since` is inclusive, `until` is not: the newest of the last walk comes again, and is unchanged.
        window = {"since": walk.mark or start, "until": walk.end.isoformat() if walk.end else None}

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            answer = await self.get(path, **window, cursor=cursor, limit=100)
            return member(answer, "data", list), answer.get("next")

        return paging.by_cursor(walk, fetch, mark=paging.newest("updated_at"))
