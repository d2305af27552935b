"""Link tokens and auth codes: what the form signs in with, and what a backend gets an access token for."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from crossdock.connections.link.service import LinkServices
from crossdock.connections.lookup import get_connection
from crossdock.errors import Invalid, LinkRefused, NotFound
from crossdock.store.connections import auth_codes, connections, link_tokens
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.link_tokens import LinkToken
from crossdock.store.database.engine import Transaction
from crossdock.store.people.audit_log import Actor, AuditEntry, note
from crossdock.store.webhooks import endpoints

MINUTE_MS = 60_000


@dataclass(frozen=True)
class LinkTarget:
    """For whom a system is to be connected."""

    organization_id: str
    connection_uid: str | None = None
    """The connection that is to be repaired; None: a new one."""
    customer_id: str | None = None
    magic_link_id: str | None = None
    webhook_endpoints: str = "[]"
    """Ids of the endpoints that are to be for the connection, too, as JSON."""


async def checked_endpoints(services: LinkServices, organization_id: str, ids: Sequence[str]) -> str:
    """Endpoints that are to be for what is connected, as JSON. Raises Invalid for one that there is not."""
    unique = list(dict.fromkeys(ids))
    known_ids = await endpoints.of_organization(services.database, organization_id, unique)
    unknown = [identifier for identifier in unique if identifier not in known_ids]
    if unknown:
        raise Invalid({"json": {"webhook_endpoint_ids": [f"there is no endpoint {unknown[0]!r:.100}"]}})
    return msgspec.json.encode(unique).decode()


async def mint(services: LinkServices, target: LinkTarget) -> str:
    """A link token. Raises NotFound for a connection that the organization does not have."""
    if target.connection_uid is not None:
        await get_connection(services.database, target.connection_uid, target.organization_id)
    now = services.clock()
    bearer_to_be = LinkToken(
        link_tokens.new_link_token_id(now), target.organization_id, target.connection_uid, target.customer_id,
        target.magic_link_id, now + services.settings.link_token_minutes * MINUTE_MS,
        target.webhook_endpoints,
    )  # fmt: skip
    async with services.database.transaction() as transaction:
        return await link_tokens.create(transaction, bearer_to_be)


async def bearer(services: LinkServices, token: str) -> LinkToken:
    """The bearer of a link token. Raises LinkRefused when there is none, or its time is over."""
    known = await link_tokens.get(services.database, token)
    if known is None:
        raise LinkRefused("the link token is not valid", code="link_token_invalid", status=401)
    if known.expires_ms < services.clock():
        raise LinkRefused("the link token has expired", code="link_token_expired", status=401)
    return known


@dataclass(frozen=True)
class ExchangedConnection:
    """A connection and the access token that opens it."""

    connection: ConnectionRow
    access_token: str


async def exchange(
    services: LinkServices, organization_id: str, code: str, customer_id: str | None, actor: Actor
) -> ExchangedConnection:
    """The connection that an auth code is for; the code is used up then.

    customer_id: set for the connection; None: it stays. Raises Invalid for a code that is not the
    organization's, was exchanged already or has expired, and NotFound when the connection was deleted.
    """

    async def work(transaction: Transaction) -> ConnectionRow:
        known = await auth_codes.get(transaction, code, organization_id)
        if known is None:
            raise _no_code("is no auth code of this organization")
        if not await auth_codes.use(transaction, code, services.clock()):
            minutes = services.settings.auth_code_minutes
            raise _no_code(
                "was exchanged already; each works once"
                if known.is_used or known.expires_ms >= services.clock()
                else f"has expired; it works for {minutes} minutes"
            )
        if customer_id is not None:
            await connections.change(transaction, known.connection_id, {"customer_id": customer_id})
        connection = await connections.by_id(transaction, known.connection_id)
        if connection is None:
            raise NotFound("the connection was deleted meanwhile")
        detail = {"by": "auth_code"} | ({} if customer_id is None else {"customer_id": customer_id})
        entry = AuditEntry(organization_id, actor, "access_token.viewed", connection.uid, detail)
        await note(transaction, entry, services.clock())
        return connection

    connection = await services.database.transact(work)
    token = await connections.token(services.database, services.vault, connection)
    return ExchangedConnection(connection, token)


def _no_code(fault: str) -> Invalid:
    return Invalid({"json": {"auth_code": [f"auth_code {fault}"]}})
