"""One request to the webhook administration: who calls, what about, and what is asked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import ClassVar, TypeVar

from starlette.requests import Request

from crossdock.errors import Forbidden, Invalid, NotFound, Unauthorized
from crossdock.resources.event_types import proper_name
from crossdock.store.connections import access
from crossdock.store.people.audit_log import Actor, act_as
from crossdock.store.webhooks import apps, endpoints, portal
from crossdock.store.webhooks.apps import App
from crossdock.store.webhooks.endpoints import Endpoint, operational
from crossdock.store.webhooks.portal import PortalToken
from crossdock.svix_api.operations import ADMIN, ANYBODY, KNOWN, MANAGE, ROTATE, SECRET, AdminOperation
from crossdock.svix_api.reading import read
from crossdock.web.call_log import CALLED_BY, CalledBy
from crossdock.web.context import HandlerContext
from crossdock.web.dependencies import Dependencies
from crossdock.web.middleware import LARGEST_BODY

Body = TypeVar("Body")

PORTAL_VISITOR = Actor("link", name="webhook portal")
"""Whoever holds a portal token."""

_ID = re.compile(r"[a-zA-Z0-9\-_.]{1,256}")


@dataclass(frozen=True)
class AdminCaller:
    """An administrator of an organization; or, with a portal token, somebody who may do some things."""

    organization_id: str
    token: str
    portal: PortalToken | None = None
    actor: Actor = PORTAL_VISITOR
    only_looks: bool = False
    """Whether it is a person who changes nothing."""

    @property
    def sees_whole_urls(self) -> bool:
        """Check whether the URLs of endpoints are shown with a user and password: to who may change them."""
        if self.portal is None:
            return not self.only_looks
        return MANAGE in self.portal.capabilities

    def require(self, operation: AdminOperation) -> None:
        """Raise Forbidden for what this caller may not do."""
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
        """Raise Forbidden where a part of a request needs a capability that the token lacks."""
        if self.portal is not None and capability not in self.portal.capabilities:
            raise Forbidden(f"this token lacks {capability}")


async def sign_in(door: Dependencies, request: Request, operation_id: str = "") -> AdminCaller:
    """The token's owner, who acts from here on.

    Raises Unauthorized, Forbidden for a read-only key, TooManyRequests for a flood.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    with door.strangers.hearing(request, token):
        holder = await _holder(door, request, token)
    door.strangers.worked(token)
    address, request_id = door.strangers.address(request), request.scope["state"]["request_id"]
    act_as(lambda: replace(holder.actor, address=address, request_id=request_id), operation_id)
    return holder


async def _holder(door: Dependencies, request: Request, token: str) -> AdminCaller:
    if not token:
        raise Unauthorized("the header `authorization: Bearer <token>` is missing")
    caller = await access.caller(door.database, token, door.clock())
    if caller is not None:
        request.scope["state"][CALLED_BY] = CalledBy(caller.organization_id, caller.key_id)
        door.uses.count_key(caller.key_id)
        if caller.read_only:
            raise Forbidden("this API key is read-only; webhooks are managed with a full one")
        if caller.is_bound:
            raise Forbidden("this API key is bound to connections; webhooks are the organization's")
        actor = Actor("api_key", caller.key_id, caller.key_name)
        return AdminCaller(caller.organization_id, token, actor=actor)
    portal_token = await portal.find(door.database, token, door.clock())
    if portal_token is None:
        raise Unauthorized("the token is not valid")
    request.scope["state"][CALLED_BY] = CalledBy(portal_token.organization_id)
    return AdminCaller(portal_token.organization_id, token, portal_token)


@dataclass(frozen=True)
class AdminContext(HandlerContext):
    """A request that was let in."""

    operation: AdminOperation
    caller: AdminCaller | None

    largest_body: ClassVar[int] = LARGEST_BODY

    @property
    def who(self) -> AdminCaller:
        if self.caller is None:
            raise Unauthorized("the header `authorization: Bearer <token>` is missing")
        return self.caller

    @property
    def is_operational(self) -> bool:
        """Check whether this is about the operator's own endpoints."""
        return self.operation.id.startswith("operational-webhook.")

    def part(self, name: str) -> str:
        """A variable part of the path. Raises Invalid for what no id is."""
        text: str = self.request.path_params[name]
        if not _ID.fullmatch(text):
            raise Invalid({"path": {name: [f"{text[:100]!r} holds other characters than an id can"]}})
        return text

    async def app(self) -> App:
        """The application of the path. Raises NotFound."""
        app = await self.app_or_none()
        if app is None:
            raise NotFound(f"there is no application {self.part('app_id')}")
        return app

    async def app_or_none(self) -> App | None:
        admin_caller, reference = self.who, self.part("app_id")
        await apps.ensure_own(self.door.database, admin_caller.organization_id)
        app = await apps.find(self.door.database, admin_caller.organization_id, reference)
        if (
            app is not None
            and admin_caller.portal is not None
            and admin_caller.portal.application_id != app.id
        ):
            return None
        return app

    async def application_id(self) -> str:
        """The application of the path, or that of the operator's own endpoints."""
        if self.is_operational:
            return operational(self.who.organization_id)
        return (await self.app()).id

    async def endpoint(self) -> Endpoint:
        """The endpoint of the path. Raises NotFound."""
        return await self.endpoint_called(await self.application_id(), self.part("endpoint_id"))

    async def endpoint_called(self, application_id: str, reference: str) -> Endpoint:
        endpoint = await endpoints.find(self.door.database, self.door.vault, application_id, reference)
        if endpoint is None:
            raise NotFound(f"there is no endpoint {reference[:300]}")
        return endpoint

    def read_body(self, raw: bytes, kind: type[Body]) -> Body:
        return read(raw, kind)

    # The query

    @cached_property
    def _query(self) -> dict[str, list[str]]:
        query: dict[str, list[str]] = {}
        for name, value in self.request.query_params.multi_items():
            query.setdefault(name.removesuffix("[]"), []).append(value)
        return query

    def text(self, name: str) -> str | None:
        """A parameter; the last, if it is there several times."""
        values = self._query.get(name)
        if values and any("\0" in value for value in values):
            raise self.fault(name, "holds the character U+0000")
        return values[-1] if values else None

    def many(self, name: str) -> tuple[str, ...]:
        """Values separated by commas, repeated, or both."""
        values = [part for text in self._query.get(name, ()) for part in text.split(",")]
        if any("\0" in value for value in values):
            raise self.fault(name, "holds the character U+0000")
        return tuple(dict.fromkeys(filter(None, values)))

    def event_types(self) -> tuple[str, ...]:
        """The event types that are looked for, each by all of its names."""
        names = self.many("event_types")
        return tuple(dict.fromkeys([*names, *map(proper_name, names)]))

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
        number = _number(text)
        if number not in choices:
            raise self.fault(name, f"has to be one of {', '.join(map(str, choices))}")
        return number

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
            fromisoformat = datetime.fromisoformat(text.replace(" ", "+"))
        except ValueError:
            raise self.fault(name, f"{text[:100]!r} is not a time like 2026-01-31T12:00:00Z") from None
        if fromisoformat.tzinfo is None:
            raise self.fault(name, f"{text[:100]!r} says no offset; wanted 2026-01-31T12:00:00Z")
        return int(fromisoformat.timestamp() * 1000)

    @property
    def limit(self) -> int:
        text = self.text("limit") or "50"
        number = _number(text)
        if number is None or not 1 <= number <= 250:
            raise self.fault("limit", "has to be a number from 1 to 250")
        return number

    def fault(self, name: str, message: str) -> Invalid:
        return Invalid({"query": {name: [message]}})


def _number(text: str) -> int | None:
    """A number of few digits; None: it is something else."""
    return int(text) if len(text) <= 6 and text.isascii() and text.isdigit() else None
