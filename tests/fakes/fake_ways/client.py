"""Speaks to `tests.fakes.oauth_server`, signed in whichever way the credentials choose."""

from collections.abc import AsyncIterator

from crossdock.kit.auth.declared import declared_auth
from crossdock.kit.contract import Account, Context, Page, Walk
from crossdock.kit.verification import verified


class Client:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._http = context.http.signed(declared_auth(context))

    async def check(self) -> Account:
        return await verified(self._context, self._http)

    async def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        answer = await self._http.send("GET", f"{self._context.host('api')}/shops/7/warehouses")
        yield Page(answer.json()["data"])
