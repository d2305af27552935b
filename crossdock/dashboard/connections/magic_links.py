"""Magic links: those there are, making one, showing its address once, and deleting it."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.connections.link.magic_links import DEFAULT_DAYS, MOST_DAYS
from crossdock.connections.link.options import LinkOptions
from crossdock.dashboard.connections.forms import Faults, faults_of, whole
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import Invalid
from crossdock.kit.registry import integrations_of
from crossdock.resources import catalogue, switches
from crossdock.store.connections import connections, magic_links
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.magic_links import ListedLink
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.wire import stamp

PAGE = 50
SUGGESTED = 100
"""Connections that the form names of those that can be reinstalled."""


class MagicLinkLine(msgspec.Struct, kw_only=True):
    """A magic link without its address. state: "open", "used up" or "expired"; limits: what it narrows."""

    id: str
    integration_type: str
    customer_id: str | None
    connection_id: str | None
    limits: list[str]
    connections: int
    max_connections: int
    state: str
    created_at: str
    expires_at: str


class MagicLinksPage(msgspec.Struct, kw_only=True):
    """A page of magic links, the newest first."""

    links: list[MagicLinkLine]
    next_token: str | None


class LinkChoice(msgspec.Struct, kw_only=True):
    """A system, or a connection, that the link may be for: as it is sent, and as people know it."""

    name: str
    title: str


class NewMagicLinkPage(msgspec.Struct, kw_only=True):
    """The form of a magic link. values: as typed; connection_id: the one to reinstall; "": a new one."""

    types: list[str]
    integration_type: str
    connection_id: str
    systems: list[LinkChoice]
    functions: list[str]
    suggested: list[LinkChoice]
    most_days: int
    usual_connections: int
    values: dict[str, str]
    faults: Faults


class MadeMagicLinkPage(msgspec.Struct, kw_only=True):
    """A magic link that was just made, with its address, this once."""

    magic_link: dict[str, Any]


async def listed(visit: DashboardContext) -> Response:
    """The magic links of the organization."""
    tokens = PageTokens(visit.door.page_key, 0, f"dashboard magic links of {visit.organization_id}")
    before: Any = tokens.key_or_none(visit.query("page_token").get("page_token"), "created")
    current_page = await paginate(
        PAGE,
        lambda limit: magic_links.page(visit.door.database, visit.organization_id, before, limit),
        lambda link: tokens.token((link.created_ms, link.id), "created"),
    )
    now = visit.door.clock()
    page = MagicLinksPage(
        links=[_line(link, now) for link in current_page.items], next_token=current_page.next_token
    )
    return visit.view("connections/magic_links.html", page, title="Magic links")


def _line(link: ListedLink, now_ms: int) -> MagicLinkLine:
    options = msgspec.json.decode(link.options, type=LinkOptions)
    is_used_up = 0 < link.max_connections <= link.connections
    return MagicLinkLine(
        id=link.id,
        integration_type=options.integration_type,
        customer_id=link.customer_id,
        connection_id=link.connection_uid,
        limits=_limits(options),
        connections=link.connections,
        max_connections=link.max_connections,
        state="expired" if link.expires_ms < now_ms else "used up" if is_used_up else "open",
        created_at=stamp(link.created_ms),
        expires_at=stamp(link.expires_ms),
    )


def _limits(options: LinkOptions) -> list[str]:
    limits = {
        "only": options.integration_allow_list, "not": options.integration_block_list,
        "with": options.integrations_with_endpoints, "off": options.disabled_functions,
        "on": options.enabled_functions,
    }  # fmt: skip
    return [f"{word} {', '.join(names)}" for word, names in limits.items() if names]


async def form_shown(visit: DashboardContext) -> Response:
    """The form of a new magic link."""
    return await _form(visit, visit.query("integration_type", "connection_id", "customer_id"), {})


async def _form(visit: DashboardContext, values: dict[str, str], faults: Faults) -> Response:
    types = [str(kind) for kind in catalogue.TYPES]
    kind = values.get("integration_type", types[0])
    if kind not in types:
        raise Invalid({"query": {"integration_type": [f"is {kind[:40]!r}; wanted is {', '.join(types)}"]}})
    known = await connections.page(visit.door.database, visit.organization_id, limit=SUGGESTED)
    page = NewMagicLinkPage(
        types=types,
        integration_type=kind,
        connection_id=values.get("connection_id", ""),
        systems=[
            LinkChoice(name=integration.slug, title=integration.manifest.name)
            for integration in integrations_of(kind)
        ],
        functions=sorted(switches.switchable(kind)),
        suggested=[LinkChoice(name=row.uid, title=_known_as(row)) for row in known],
        most_days=MOST_DAYS,
        usual_connections=visit.door.settings.magic_link_connections,
        values={"link_duration": str(DEFAULT_DAYS), "systems": "all"} | values,
        faults=faults,
    )
    status = 422 if faults else 200
    return visit.view("connections/magic_link_form.html", page, title="New magic link", status=status)


def _known_as(row: ConnectionRow) -> str:
    return f"{row.integration} of {row.customer_id}" if row.customer_id else row.integration


async def made(visit: DashboardContext) -> Response:
    """Make a magic link, and show its address."""
    try:
        answer = await visit.inside.send("POST", "/magic-links", _body(visit))
    except Invalid as error:
        return await _form(visit, dict(visit.fields), faults_of(error))
    page = MadeMagicLinkPage(magic_link=answer["magic_link"])
    return visit.view("connections/magic_link.html", page, title="Magic link")


def _body(visit: DashboardContext) -> dict[str, Any]:
    """The form as `POST /magic-links` takes it. Raises Invalid for numbers that are none."""
    days = whole(visit.fields, "link_duration")
    body: dict[str, Any] = {} if days is None else {"link_duration": days}
    if connection_id := visit.text("connection_id").strip():
        return body | {"connection_id": connection_id}
    if customer_id := visit.text("customer_id").strip():
        body["customer_id"] = customer_id
    if (most := whole(visit.fields, "max_connections")) is not None:
        body["max_connections"] = most
    kind = visit.text("integration_type") or str(catalogue.TYPES[0])
    return body | {"integration_type": kind} | _systems(visit) | _switched(visit)


def _systems(visit: DashboardContext) -> dict[str, list[str]]:
    """The systems that can be picked. Raises Invalid for a list of none."""
    body = {}
    if (choice := visit.text("systems")) in ("allow", "block"):
        ticked = [name for name, value in _named(visit, "system").items() if value == "on"]
        if not ticked:
            raise Invalid({"form": {"systems": ["tick at least one system, or leave it at all systems"]}})
        body[f"integration_{choice}_list"] = ticked
    if required := visit.text("required_function"):
        body["integrations_with_endpoints"] = [required]
    return body


def _switched(visit: DashboardContext) -> dict[str, list[str]]:
    """The functions that are off or on for what is connected."""
    words = _named(visit, "function")
    return {
        member: [name for name, chosen in words.items() if chosen == word]
        for member, word in (("disabled_functions", "off"), ("enabled_functions", "on"))
    }


def _named(visit: DashboardContext, group: str) -> dict[str, str]:
    """The fields of a group, `group:name`, by name."""
    begin = f"{group}:"
    return {name.removeprefix(begin): value for name, value in visit.fields.items() if name.startswith(begin)}


async def changed(visit: DashboardContext) -> Response:
    """Delete a magic link."""
    await visit.inside.send("DELETE", f"/magic-links/{visit.part('magic_link_id')}")
    return visit.onward("/connections/magic-links", done="link_deleted")
