"""Magic links: made, listed and deleted by a backend, and opened by the end user they were sent to."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from crossdock.connections.link.options import LinkOptions, check_magic_options
from crossdock.connections.link.service import LinkServices
from crossdock.connections.link.tokens import LinkTarget, checked_endpoints, mint
from crossdock.connections.lookup import get_connection
from crossdock.errors import Invalid, LinkRefused, NotFound
from crossdock.store.connections import access, link_flows, magic_links
from crossdock.store.connections.link_tokens import magic_subject
from crossdock.store.connections.magic_links import MagicLink
from crossdock.store.people.audit_log import Actor, AuditEntry, note

DAY_MS = 86_400_000
DEFAULT_DAYS = 7
MOST_DAYS = 365
MOST_CONNECTIONS = 1_000_000
PAGE = "/connect/m"


@dataclass(frozen=True)
class MagicLinkWish:
    """A magic link that is to be made."""

    options: LinkOptions
    days: int = DEFAULT_DAYS
    customer_id: str | None = None
    connection_uid: str | None = None
    max_connections: int | None = None
    """How many connections can be made with it, 0: any number; None: as the settings say."""
    webhook_endpoint_ids: Sequence[str] = ()
    """The endpoints that are to be for what is connected, too."""


async def create_magic_link(
    services: LinkServices, organization_id: str, wish: MagicLinkWish, actor: Actor
) -> MagicLink:
    """A new magic link. Raises Invalid, and NotFound for a connection that the organization does not have."""
    now, database = services.clock(), services.database
    organization = await access.organization(database, organization_id)
    if organization is None:
        raise NotFound("there is no such organization", record_id=organization_id)
    if not 1 <= wish.days <= MOST_DAYS:
        raise Invalid({"json": {"link_duration": [f"must be 1 to {MOST_DAYS} days, not {wish.days}"]}})
    if wish.max_connections is not None and not 0 <= wish.max_connections <= MOST_CONNECTIONS:
        fault = f"must be 0 (any number) to {MOST_CONNECTIONS}, not {wish.max_connections}"
        raise Invalid({"json": {"max_connections": [fault]}})
    options = check_magic_options(wish.options, organization, services.settings.off)
    if wish.connection_uid is not None:
        connection = await get_connection(database, wish.connection_uid, organization_id)
        options = msgspec.structs.replace(options, integration_type=connection.type)
    webhook_endpoints = await checked_endpoints(services, organization_id, wish.webhook_endpoint_ids)
    most = services.settings.magic_link_connections
    link = MagicLink(
        magic_links.new_link_id(), organization_id, magic_links.new_secret(),
        msgspec.json.encode(options).decode(), wish.customer_id, wish.connection_uid,
        most if wish.max_connections is None else wish.max_connections,
        0, now, now + wish.days * DAY_MS, webhook_endpoints,
    )  # fmt: skip
    sealed = await magic_links.seal(services.vault, link)
    async with database.transaction() as transaction:
        await magic_links.add(transaction, link, sealed)
        detail = {"integration_type": options.integration_type, "customer_id": link.customer_id}
        entry = AuditEntry(organization_id, actor, "magic_link.created", link.id, detail)
        await note(transaction, entry, now)
    return link


async def get_magic_link(services: LinkServices, organization_id: str, link_id: str) -> MagicLink:
    """The organization's link of that id. Raises NotFound."""
    link = await magic_links.get(services.database, services.vault, link_id, organization_id)
    if link is None:
        raise no_link(link_id)
    return link


async def list_magic_links(services: LinkServices, organization_id: str) -> Sequence[MagicLink]:
    """The organization's links, the oldest first."""
    return await magic_links.of_organization(services.database, services.vault, organization_id)


async def delete_magic_link(services: LinkServices, organization_id: str, link_id: str, actor: Actor) -> None:
    """Delete a link, and end what was begun with it. Raises NotFound."""
    async with services.database.transaction() as transaction:
        if not await magic_links.delete(transaction, link_id, organization_id):
            raise no_link(link_id)
        entry = AuditEntry(organization_id, actor, "magic_link.deleted", link_id)
        await note(transaction, entry, services.clock())


def no_link(link_id: str) -> NotFound:
    """The answer about an id that no magic link of the caller has."""
    return NotFound(f"there is no magic link {link_id!r:.80}", record_id=link_id)


def url_of(services: LinkServices, link: MagicLink) -> str:
    """The address that the end user is sent to."""
    return f"{services.settings.url}{PAGE}/{link.secret}"


def options_of(link: MagicLink) -> LinkOptions:
    """Systems that can be picked with a link."""
    return msgspec.json.decode(link.options, type=LinkOptions)


@dataclass(frozen=True)
class MagicSession:
    """The visit of a magic link."""

    link_token: str
    options: LinkOptions


async def open_magic_link(services: LinkServices, secret: str, flow_id: str | None = None) -> MagicSession:
    """Open a link by the end of its address. Raises LinkRefused for one that does not work any more.

    flow_id: of a flow of this link that is gone on with, back from a page of the vendor: its result is shown
    although the link is used up by it.
    """
    link = await magic_links.by_secret(services.database, services.vault, secret)
    if link is None:
        raise LinkRefused("there is no such link", code="magic_link_unknown", status=404)
    target = LinkTarget(
        link.organization_id, link.connection_uid, link.customer_id, link.id, link.webhook_endpoints
    )
    if not (flow_id and await _is_flow_of(services, link, flow_id)):
        check_open(link, services.clock())
    try:
        token = await mint(services, target)
    except NotFound:
        raise LinkRefused(
            "the connection of this link was deleted", code="connection_gone", status=404
        ) from None
    return MagicSession(token, options_of(link))


async def _is_flow_of(services: LinkServices, link: MagicLink, flow_id: str) -> bool:
    flow = await link_flows.get(
        services.database, services.vault, flow_id, link.organization_id, magic_subject(link.id),
        services.clock(),
    )  # fmt: skip
    return flow is not None


def check_open(link: MagicLink, now_ms: int) -> None:
    """Raise LinkRefused for a link whose time is over, or that was used as often as it may be."""
    if link.expires_ms < now_ms:
        raise LinkRefused("this link has expired", code="magic_link_expired", status=410)
    if link.is_used_up:
        raise LinkRefused("this link was used already", code="magic_link_used", status=410)
