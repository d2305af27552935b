"""Tryton's JSON-RPC: sign in, call, and what its failures mean.

POST <url>/rpc/ {"id", "method", "params"} answers {"result"} or, also with status 200, {"error"}. Only
a missing or expired session is a 401. The last parameter of every call on a model is the context; without
it the answer is a 422. Source: trytond/protocols/dispatcher.py and jsonrpc.py of 8.0.12, and the live server.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorNonsense,
    VendorRefused,
)
from crossdock.integrations.contract import Raw
from crossdock.integrations.http import Http

Domain = list[Any]

BY_ID = (("id", "ASC"),)

WITH_ARCHIVED: dict[str, Any] = {"active_test": False}
"""The context in which archived records are found too, by any clause of a domain."""


class Rpc:
    """Calls as one user of one Tryton database. It signs in when it is first used, and when it must again."""

    def __init__(self, http: Http, credentials: Mapping[str, str]) -> None:
        self._http = http
        self._url = f"{credentials['url'].rstrip('/')}/rpc/"
        self._user = credentials["user"]
        self._password = credentials["password"]
        self._session: str | None = None
        self._context: dict[str, Any] | None = None

    async def context(self) -> dict[str, Any]:
        """The user's preferences, which every call is made with: the company, the language."""
        if self._context is None:
            self._context = await self._call("model.res.user.get_preferences", True, {})
        return self._context

    async def read(self, method: str, *params: Any, **context: Any) -> Any:
        """What a method that only reads returns. `context` comes on top of the user's preferences.

        Raises MissingPermission when this user may not: a read has no other reason for a UserError.
        """
        return await self._call(method, *params, await self.context() | context)

    async def rows(
        self,
        model: str,
        domain: Domain,
        fields: Sequence[str],
        *,
        limit: int | None = None,
        order: Sequence[tuple[str, str]] = BY_ID,
        **context: Any,
    ) -> list[Raw]:
        """The records of a model that match, with these fields; dotted ones reach into related records."""
        method = f"model.{model}.search_read"
        found = await self.read(method, domain, 0, limit, list(order), list(fields), **context)
        if not isinstance(found, list):
            raise VendorNonsense(f"{method} returned no list", url=self._url)
        return found

    async def _call(self, method: str, *params: Any) -> Any:
        if self._session is None:
            await self._sign_in()
        used = self._session
        try:
            return await self._exchange(method, params)
        except InvalidCredentials:
            # The session has expired, or was ended by a restart: session.timeout and session.max_age.
            if self._session == used:
                await self._sign_in()
            return await self._exchange(method, params)

    async def _sign_in(self) -> None:
        """Raises InvalidCredentials when Tryton refuses name and password, or asks for more than these."""
        self._session = None
        parameters = {"password": self._password}
        try:
            result = await self._exchange("common.db.login", (self._user, parameters, "en"))
        except VendorRefused as failure:
            if failure.status != 404:
                raise
            raise VendorRefused(
                "there is no Tryton database at this URL; it ends with the database's name",
                url=failure.url,
                status=404,
            ) from None
        if not isinstance(result, list) or len(result) < 2:
            raise VendorNonsense("common.db.login returned no session", url=self._url)
        token = f"{self._user}:{result[0]}:{result[1]}"
        self._session = base64.b64encode(token.encode()).decode()

    async def _exchange(self, method: str, params: Sequence[Any]) -> Any:
        headers = {"Authorization": f"Session {self._session}"} if self._session else {}
        call = {"id": 1, "method": method, "params": list(params)}
        answer = await self._http.send("POST", self._url, json=call, headers=headers, repeatable=True)
        reply = answer.json()
        if not isinstance(reply, dict) or not reply.keys() & {"result", "error"}:
            raise VendorNonsense("the answer is not one of Tryton's JSON-RPC", url=self._url)
        if "error" in reply:
            raise failure_of(reply["error"], method, self._url)
        return reply["result"]


def failure_of(error: Any, method: str, url: str) -> VendorError:
    """What a JSON-RPC error means: ["UserError", [message, description, domain]], ["'no.such.model'", ""]."""
    kind, about = (*error, None, None)[:2] if isinstance(error, list) else (error, None)
    message = " ".join(str(one) for one in about[:2] if one) if isinstance(about, list) else str(kind)
    if kind == "UserError":
        return MissingPermission(message, url=url, status=200)
    if kind == "LoginException":
        return InvalidCredentials(f"Tryton asks for more than a password: {message}", url=url, status=200)
    return VendorRefused(f"{method}: {message}", url=url, status=200)
