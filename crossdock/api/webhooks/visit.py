"""One request to the webhook administration: who calls, what about, and what is asked."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from starlette.requests import Request

from crossdock.api.door import Door
from crossdock.api.webhooks.operations import ADMIN, ANYBODY, KNOWN, MANAGE, ROTATE, SECRET, Operation
from crossdock.api.webhooks.reading import read
from crossdock.errors import Forbidden, Invalid, NotFound, Unauthorized
from crossdock.store import access
from crossdock.store.webhooks import apps, endpoints, portal
from crossdock.store.webhooks.apps import App
from crossdock.store.webhooks.endpoints import Endpoint, operational
from crossdock.store.webhooks.portal import PortalToken

Body = TypeVar("Body")

_ID = re.compile(r"[a-zA-Z0-9\-_.]{1,256}")


@dataclass(frozen=True)
class Answer:
    """value None: no body."""

    status: int
    value: Any = None


@dataclass(frozen=True)
class Who:
    """An administrator of an organization; or, with a portal token, somebody who may do some things."""

    organization_id: str
    token: str
    portal: PortalToken | None = None

    def require(self, operation: Operation) -> None:
        """Raises Forbidden for what this caller may not do."""
        if self.portal is None or operation.needs in (ANYBODY, KNOWN):
            return
        held = self.portal.capabilities
        enough = {operation.needs}
        if operation.needs != ADMIN and operation.needs not in (SECRET, ROTATE):
            enough.add(MANAGE)  # whoever manages endpoints may see and do all else with them
        if operation.needs == SECRET:
            enough.add(ROTATE)
        if operation.needs == ADMIN or held.isdisjoint(enough):
            raise Forbidden(f"this token may not do {operation.id}: it lacks {operation.needs}")

    def require_held(self, capability: str) -> None:
        """Raises Forbidden where a part of a request needs more than the operation does."""
        if self.portal is not None and capability not in self.portal.capabilities:
            raise Forbidden(f"this token lacks {capability}")


async def known(door: Door, request: Request) -> Who:
    """Whose token it is. Raises Unauthorized, and Forbidden for a read-only key."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("the header `authorization: Bearer <token>` is missing")
    token = token.strip()
    caller = await access.caller(door.database, token)
    if caller is not None:
        if caller.read_only:
            raise Forbidden("this API key is read-only; webhooks are managed with a full one")
        return Who(caller.organization_id, token)
    found = await portal.find(door.database, token, door.clock())
    if found is None:
        raise Unauthorized("the token is not valid")
    return Who(found.organization_id, token, found)


@dataclass(frozen=True)
class Visit:
    """A request that was let in."""

    door: Door
    request: Request
    operation: Operation
    parts: Mapping[str, str]
    caller: Who | None

    @property
    def who(self) -> Who:
        if self.caller is None:
            raise Unauthorized("the header `authorization: Bearer <token>` is missing")
        return self.caller

    @property
    def now_ms(self) -> int:
        return self.door.clock()

    @property
    def is_operational(self) -> bool:
        """Whether this is about the operator's own endpoints."""
        return self.operation.id.startswith("operational-webhook.")

    def part(self, name: str) -> str:
        """A variable part of the path. Raises Invalid for what no id is."""
        found = self.parts[name]
        if not _ID.fullmatch(found):
            raise Invalid({"path": {name: [f"{found[:100]!r} holds other characters than an id can"]}})
        return found

    async def app(self) -> App:
        """The application of the path. Raises NotFound."""
        found = await self.app_or_none()
        if found is None:
            raise NotFound(f"there is no application {self.part('app_id')}")
        return found

    async def app_or_none(self) -> App | None:
        who, reference = self.who, self.part("app_id")
        await apps.ensure_own(self.door.database, who.organization_id)
        found = await apps.find(self.door.database, who.organization_id, reference)
        if found is not None and who.portal is not None and who.portal.application_id != found.id:
            return None
        return found

    async def application_id(self) -> str:
        """The application of the path, or that of the operator's own endpoints."""
        if self.is_operational:
            return operational(self.who.organization_id)
        return (await self.app()).id

    async def endpoint(self) -> Endpoint:
        """The endpoint of the path. Raises NotFound."""
        return await self.endpoint_called(await self.application_id(), self.part("endpoint_id"))

    async def endpoint_called(self, application_id: str, reference: str) -> Endpoint:
        found = await endpoints.find(self.door.database, self.door.vault, application_id, reference)
        if found is None:
            raise NotFound(f"there is no endpoint {reference[:300]}")
        return found

    async def body(self, kind: type[Body], *, required: bool = True) -> Body:
        """What was sent, checked."""
        raw = await self.request.body()
        if not required and raw.strip() in (b"", b"null"):
            raw = b"{}"
        return read(raw, kind)

    # The query

    @cached_property
    def _query(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.request.query_params.multi_items():
            found.setdefault(name.removesuffix("[]"), []).append(value)
        return found

    def text(self, name: str) -> str | None:
        """A parameter; the last, if it is there several times."""
        values = self._query.get(name)
        if values and any("\0" in one for one in values):
            raise self.fault(name, "holds the character U+0000")
        return values[-1] if values else None

    def many(self, name: str) -> tuple[str, ...]:
        """Values separated by commas, repeated, or both."""
        values = [one for text in self._query.get(name, ()) for one in text.split(",")]
        if any("\0" in one for one in values):
            raise self.fault(name, "holds the character U+0000")
        return tuple(dict.fromkeys(filter(None, values)))

    def flag(self, name: str, *, otherwise: bool) -> bool:
        text = self.text(name)
        if text is None or text == "":
            return otherwise
        if text.lower() not in ("true", "false"):
            raise self.fault(name, "has to be true or false")
        return text.lower() == "true"

    def number(self, name: str, choices: Sequence[int]) -> int | None:
        """One of these numbers."""
        text = self.text(name)
        if text is None or text == "":
            return None
        found = _number(text)
        if found not in choices:
            raise self.fault(name, f"has to be one of {', '.join(map(str, choices))}")
        return found

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        text = self.text(name)
        if text is None or text == "":
            return None
        if text not in choices:
            raise self.fault(name, f"has to be one of {', '.join(choices)}")
        return text

    def moment(self, name: str) -> int | None:
        """A time as milliseconds."""
        text = self.text(name)
        if text is None or text == "":
            return None
        try:
            # A plus sign that was not percent-encoded arrives as a space.
            found = datetime.fromisoformat(text.replace(" ", "+"))
        except ValueError:
            raise self.fault(name, f"{text[:100]!r} is not a time like 2026-01-31T12:00:00Z") from None
        if found.tzinfo is None:
            raise self.fault(name, f"{text[:100]!r} says no offset; wanted 2026-01-31T12:00:00Z")
        return int(found.timestamp() * 1000)

    @property
    def limit(self) -> int:
        text = self.text("limit") or "50"
        found = _number(text)
        if found is None or not 1 <= found <= 250:
            raise self.fault("limit", "has to be a number from 1 to 250")
        return found

    def fault(self, name: str, message: str) -> Invalid:
        return Invalid({"query": {name: [message]}})


def _number(text: str) -> int | None:
    """A number of few digits; None: it is something else."""
    return int(text) if len(text) <= 6 and text.isascii() and text.isdigit() else None


Handler = Callable[[Visit], Awaitable[Answer]]
