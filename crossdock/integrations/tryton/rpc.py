"""Tryton's JSON-RPC: sign in, call, and what its failures mean.

POST <url>/rpc/ {"id", "method", "params"} answers {"result"} or, also with status 200, {"error"}. Only
a missing or expired session is a 401. The last parameter of every call on a model is the context; without
it the answer is a 422. Source: trytond/protocols/dispatcher.py and jsonrpc.py of 8.0.12, and the live server.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorNonsense,
    VendorRefused,
    VendorUnavailable,
)
from crossdock.kit.auth.login import session
from crossdock.kit.auth.renewed import RenewedAuth
from crossdock.kit.contract import Raw
from crossdock.kit.http import Http

Domain = list[Any]

BY_ID = (("id", "ASC"),)

WITH_ARCHIVED: dict[str, Any] = {"active_test": False}
"""The context in which archived records are found too, by any clause of a domain."""


READING = frozenset({"get_access", "get_id", "get_preferences", "on_change", "read", "search_read", "today"})
"""Methods that change nothing: these may be called again when a connection broke."""

AGREED = (".done",)
"""Endings of warnings that a write agrees to. This one asks whether goods may come or go without a sale or
purchase: what is made here has none. Source: check_origin in trytond/modules/stock/move.py."""

MOST_WARNINGS = 5


class UserWarningRaised(VendorRefused):
    """Tryton asks whether to go on; nothing was done."""

    def __init__(self, name: str, message: str, *, url: str) -> None:
        super().__init__(message, url=url, status=409)
        self.name = name


class Rpc:
    """Calls as one user of one Tryton database. It signs in when it is first used, and when it must again."""

    def __init__(self, http: Http, credentials: Mapping[str, str]) -> None:
        self._http = http
        self.base = credentials["url"].rstrip("/")
        self._url = f"{self.base}/rpc/"
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
        """Call a method that only reads. `context` comes on top of the user's preferences.

        Raises MissingPermission when this user may not: a read has no other reason for a UserError.
        """
        return await self._call(method, *params, await self.context() | context)

    async def write(self, method: str, *params: Any, **context: Any) -> Any:
        """Call a method that changes something. It is not called again when a connection broke.

        An error that Tryton answers with says that nothing was done: it takes its transaction back.
        """
        with _nothing_sent():
            preferences = await self.context()
        for _ in range(MOST_WARNINGS):
            try:
                return await self._call(method, *params, preferences | context, repeatable=False)
            except UserWarningRaised as warning:
                if not warning.name.endswith(AGREED):
                    raise
                with _nothing_sent():
                    await self._call("model.res.user.warning.skip", warning.name, False, preferences)
        raise VendorRefused(f"{method}: Tryton does not stop asking", url=self._url)

    def shown(self, method: str, *params: Any, **context: Any) -> dict[str, Any]:
        """The body of a call."""
        preferences: Any = self._context
        last = "{the preferences of the user}" if preferences is None else preferences | context
        return {"id": 1, "method": method, "params": [*params, last]}

    def signature(self) -> RenewedAuth:
        """Sign calls of any other kind, with a session of their own."""

        async def login() -> str:
            await self._sign_in()
            return str(self._session)

        return session(login, form="Session {}")

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
        content = await self.read(method, domain, 0, limit, list(order), list(fields), **context)
        if not isinstance(content, list):
            raise VendorNonsense(f"{method} returned no list", url=self._url)
        return content

    async def _call(self, method: str, *params: Any, repeatable: bool = True) -> Any:
        if self._session is None:
            await self._sign_in()
        used = self._session
        try:
            return await self._exchange(method, params, repeatable=repeatable)
        except InvalidCredentials:
            # The session has expired, or was ended by a restart: session.timeout and session.max_age.
            # It is looked at before anything is done, so a write was not done either.
            with nullcontext() if repeatable else _nothing_sent():
                if self._session == used:
                    await self._sign_in()
            return await self._exchange(method, params, repeatable=repeatable)

    async def _sign_in(self) -> None:
        """Sign in. Raises InvalidCredentials when Tryton refuses name and password, or asks for more.

        LoginThrottled when it takes none: after five refusals, for as long as somebody goes on trying, plus
        `session.timeout`, five minutes. Source: trytond/res/user.py of 8.0.12, get_login and _check_attempts.
        """
        self._session = None
        parameters = {"password": self._password}
        try:
            async with self._http.signing_in():
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

    async def _exchange(self, method: str, params: Sequence[Any], *, repeatable: bool = True) -> Any:
        headers = {"Authorization": f"Session {self._session}"} if self._session else {}
        call = {"id": 1, "method": method, "params": list(params)}
        answer = await self._http.send("POST", self._url, json=call, headers=headers, repeatable=repeatable)
        reply = answer.json()
        if not isinstance(reply, dict) or not reply.keys() & {"result", "error"}:
            raise VendorNonsense("the answer is not one of Tryton's JSON-RPC", url=self._url)
        if "error" in reply:
            raise failure_of(reply["error"], method, self._url)
        return reply["result"]


@contextmanager
def _nothing_sent() -> Iterator[None]:
    """Mark failures in here as ones before the call that matters: nothing of that was done."""
    try:
        yield
    except (VendorUnavailable, VendorNonsense) as failure:
        raise VendorUnavailable(str(failure), url=failure.url, may_have_arrived=False) from None


def _error_parts(error: Any) -> tuple[Any, Any, list[Any]]:
    """The kind of an error, what it is about, and that in parts."""
    kind, about = (*error, None, None)[:2] if isinstance(error, list) else (error, None)
    return kind, about, about if isinstance(about, list) else []


def failure_of(error: Any, method: str, url: str) -> VendorError:
    """Interpret a JSON-RPC error: ["UserError", [message, description, domain]], ["'no.such.model'", ""]."""
    kind, about, parts = _error_parts(error)
    message = _text(parts[:2]) or str(kind)
    is_reading = method.rpartition(".")[2] in READING
    if kind == "UserError":
        return (MissingPermission if is_reading else VendorRefused)(
            message, url=url, status=200 if is_reading else 422
        )
    if kind == "UserWarning" and len(parts) > 1:
        return UserWarningRaised(str(parts[0]), _text(parts[1:3]), url=url)
    if kind == "ConcurrencyException":
        return VendorRefused(str(about), url=url, status=409)
    if kind == "LoginException":
        return InvalidCredentials(f"Tryton asks for more than a password: {message}", url=url, status=200)
    return VendorRefused(f"{method}: {message}", url=url, status=200 if is_reading else 400)


def _text(parts: Sequence[Any]) -> str:
    """The parts of a message that say something."""
    return " ".join(str(part) for part in parts if part)
