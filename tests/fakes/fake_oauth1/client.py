"""Speaks to `tests.fakes.oauth1_server`: every call signed with the token that the user let us in with."""

from collections.abc import AsyncIterator

from crossdock.kit.auth.declared import declared_auth
from crossdock.kit.contract import Account, Context, Page, Walk


class Client:
    def __init__(self, context: Context) -> None:
        self._http = context.http.signed(declared_auth(context))
        self._api = context.host("api")

    async def check(self) -> Account:
        answer = await self._http.send("GET", f"{self._api}/me")
        return Account(answer.json()["name"])

    async def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        answer = await self._http.send("GET", f"{self._api}/warehouses")
        yield Page(answer.json()["data"])
