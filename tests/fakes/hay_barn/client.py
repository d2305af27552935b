"""Speaks the Hay Barn API: https://developer.haybarn.example."""

from collections.abc import AsyncIterator

from crossdock.kit import paging
from crossdock.kit.auth.oauth import oauth_client_credentials
from crossdock.kit.contract import Account, Context, Json, Page, Raw, Walk
from crossdock.kit.responses import member
from crossdock.kit.rest import RestClient
from crossdock.kit.verification import verified


class Client(RestClient):
    """Raw pages out of Hay Barn. All its lists come oldest change first."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.http.signed(oauth_client_credentials(context)), context.host("api"))
        self._context = context

    async def check(self) -> Account:
        """Whom the application belongs to."""
        return await verified(self._context, self.http)

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        return self._changed("/orders", walk)

    def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        return self._changed("/stock", walk)

    def returns(self, walk: Walk) -> AsyncIterator[Page]:
        return self._changed("/returns", walk)

    async def order(self, record_id: str) -> Raw:
        """One order, as lists show it."""
        return await self.read_one("/orders", record_id)

    def _changed(self, path: str, walk: Walk) -> AsyncIterator[Page]:
        since = walk.mark or (walk.start.isoformat() if walk.start else None)

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            answer = await self.get(path, since=since, cursor=cursor)
            return member(answer, "data", list), answer["next"]

        return paging.by_cursor(walk, fetch, mark=paging.newest("changed"))
