"""A flow: from the form that was opened to a connection and its auth code.

open_form ─▶ try_fields ─┬─▶ connected: connection, auth code and the flow's end in one transaction
                         └─▶ LinkRefused, kept with the flow; nothing else is stored
a flow that is done is answered as it was done, however often and from whichever window it is sent again
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from crossdock.connections.capabilities import available_actions
from crossdock.connections.connect import ConnectCircumstances
from crossdock.connections.link import refusals
from crossdock.connections.link.form import filled_in, label_of
from crossdock.connections.link.magic_links import check_open, options_of
from crossdock.connections.link.options import (
    LinkOptions,
    is_shared,
    pickable,
    read_options,
    skips_picker,
    switched,
)
from crossdock.connections.link.service import LinkServices
from crossdock.connections.link.tokens import MINUTE_MS
from crossdock.connections.lookup import oldest_of
from crossdock.connections.permissions import check_permissions
from crossdock.errors import CrossdockError, Invalid, LinkRefused, NotFound, Unavailable, VendorError
from crossdock.kit.registry import Integration, get_integration, slug_of
from crossdock.store.connections import auth_codes, connections, link_flows, magic_links
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.link_flows import LinkFlow
from crossdock.store.connections.link_tokens import LinkToken
from crossdock.store.database.engine import Transaction
from crossdock.store.people.audit_log import Actor, AuditEntry, note
from crossdock.store.webhooks import endpoints

LONGEST_REASON = 300
TURN_SECONDS = 60.0
"""How long a window waits for another one that signs in for the same flow."""
ASK_AGAIN_SECONDS = 0.1
ALIVE_SECONDS = 5.0
"""How often an attempt says that it goes on."""

STATES = {"allowed": "ok", "denied": "missing", "unknown": "unknown"}


class FunctionPermission(msgspec.Struct, frozen=True, omit_defaults=True):
    """The permission of a function. state: pending, ok, missing or unknown."""

    function: str
    label: str
    state: str
    reason: str | None = None


class LinkResult(msgspec.Struct, frozen=True):
    """The result of a flow."""

    connection_id: str
    integration_name: str
    integration_type: str
    display_name: str
    auth_code: str
    reinstalled: bool
    permissions: list[FunctionPermission]


@dataclass(frozen=True)
class LinkForm:
    """The form of the bearer of a link token."""

    options: LinkOptions
    integrations: list[Integration]
    skips_picker: bool
    repaired: ConnectionRow | None
    warnings: list[str]


async def open_form(
    services: LinkServices, bearer: LinkToken, raw: Mapping[str, Any], wanted: str | None = None
) -> LinkForm:
    """Systems that can be picked. raw: the options of the button; those of a magic link are its own.

    wanted: the integration that the button asks for, by its slug. Raises LinkRefused.
    """
    options, warnings = read_options(raw)
    if bearer.magic_link_id is not None:
        warnings = []
        options = await _magic_options(services, bearer)
    if bearer.connection_uid is not None:
        connection = await repaired_connection(services, bearer)
        integration = get_integration(connection.type, connection.integration)
        options = msgspec.structs.replace(options, integration_type=connection.type)
        return LinkForm(options, [integration], True, connection, warnings)
    integrations = pickable(options)
    if wanted is not None:
        chosen = [integration for integration in integrations if integration.slug == slug_of(wanted)]
        if chosen:
            return LinkForm(options, chosen, True, None, warnings)
        warnings.append(f"the integration {wanted!r:.80} can't be picked here")
    return LinkForm(options, integrations, skips_picker(options, integrations), None, warnings)


async def _magic_options(services: LinkServices, bearer: LinkToken) -> LinkOptions:
    link = await magic_links.get(
        services.database, services.vault, bearer.magic_link_id or "", bearer.organization_id
    )
    if link is None:
        raise LinkRefused("there is no such link any more", code="magic_link_unknown", status=404)
    return options_of(link)


async def repaired_connection(services: LinkServices, bearer: LinkToken) -> ConnectionRow:
    """The connection that a link token repairs. Raises LinkRefused when it is gone."""
    connection = await connections.by_uid(
        services.database, bearer.connection_uid or "", bearer.organization_id
    )
    if connection is None:
        raise LinkRefused("the connection was deleted", code="connection_gone", status=404)
    return connection


async def picked(form: LinkForm, kind: str, name: str) -> Integration:
    """The integration that was picked in a form. Raises LinkRefused for one that it does not show."""
    for integration in form.integrations:
        if (integration.type, integration.slug) == (kind, slug_of(name)):
            return integration
    raise LinkRefused(
        f"{name!r:.80} can't be connected here", code="integration_not_allowed", status=403, field="name"
    )


@dataclass(frozen=True)
class FlowTurn:
    """The turn to sign in for a flow: of a window, or of a user who came back from a page of the vendor."""

    flow_id: str
    bearer: LinkToken
    mark: str


async def begin_flow(services: LinkServices, bearer: LinkToken, flow_id: str) -> LinkFlow:
    """The flow of this id, made when it is not there yet. Raises LinkRefused for somebody else's."""
    async with services.database.transaction() as transaction:
        await link_flows.begin(transaction, flow_id, bearer.organization_id, bearer.subject, services.clock())
    return await get_flow(services, bearer, flow_id)


async def get_flow(services: LinkServices, bearer: LinkToken, flow_id: str) -> LinkFlow:
    """The flow of this id. Raises LinkRefused when the bearer has none such."""
    flow = await link_flows.get(
        services.database, services.vault, flow_id, bearer.organization_id, bearer.subject, services.clock()
    )
    if flow is None:
        raise LinkRefused("there is no such flow", code="flow_unknown", status=404)
    return flow


@asynccontextmanager
async def turn(services: LinkServices, bearer: LinkToken, flow_id: str) -> AsyncIterator[FlowTurn | None]:
    """The turn to sign in for a flow; None: it is done. What the block raises is kept with the flow.

    Raises LinkRefused when another window has the turn and does not end.
    """
    mark = await _take_turn(services, bearer, flow_id)
    if mark is None:
        yield None
        return
    alive = asyncio.create_task(_say_alive(services, flow_id, mark))
    try:
        yield FlowTurn(flow_id, bearer, mark)
    except CrossdockError as problem:
        refused = refusals.refusal_of(problem)
        await link_flows.fail(services.database, flow_id, mark, refusals.as_flow_error(refused))
        raise refused from problem
    except BaseException:
        error = refusals.as_flow_error(refusals.INTERNAL)
        await asyncio.shield(link_flows.fail(services.database, flow_id, mark, error))
        raise
    finally:
        alive.cancel()


async def _say_alive(services: LinkServices, flow_id: str, mark: str) -> None:
    """Say that an attempt goes on, until it is cancelled."""
    while True:
        await asyncio.sleep(ALIVE_SECONDS)
        with suppress(Unavailable):
            await link_flows.go_on(services.database, flow_id, mark, services.clock())


async def _take_turn(services: LinkServices, bearer: LinkToken, flow_id: str) -> str | None:
    deadline = asyncio.get_running_loop().time() + TURN_SECONDS
    while True:
        async with services.database.transaction() as transaction:
            mark = await link_flows.attempt(
                transaction, flow_id, bearer.organization_id, bearer.subject, services.clock()
            )
        if mark is not None:
            return mark
        if (await get_flow(services, bearer, flow_id)).status == "done":
            return None
        if asyncio.get_running_loop().time() > deadline:
            raise LinkRefused("another window signs in already", code="flow_busy", status=409)
        await asyncio.sleep(ASK_AGAIN_SECONDS)


@dataclass(frozen=True)
class LinkAttempt:
    """An attempt to connect what was picked in a form, by whoever has the turn of its flow."""

    flow: FlowTurn
    form: LinkForm
    integration: Integration
    actor: Actor


async def connect_fields(services: LinkServices, attempt: LinkAttempt, fields: Mapping[str, Any]) -> None:
    """Try what was filled in, and connect with it. Raises LinkRefused, and what connecting raises."""
    app = await services.apps.fields(attempt.integration)
    values = filled_in(attempt.integration, app, fields, await stored_values(services, attempt.form.repaired))
    await connect(services, attempt, values)


async def stored_values(services: LinkServices, repaired: ConnectionRow | None) -> dict[str, str] | None:
    """The sign-in fields of the connection that is repaired; None where none is."""
    if repaired is None:
        return None
    return await connections.credentials(services.database, services.vault, repaired)


async def connect(
    services: LinkServices,
    attempt: LinkAttempt,
    values: Mapping[str, str],
    session_values: Mapping[str, Any] | None = None,
) -> None:
    """Connect with these values, or repair the connection, and end the flow with it.

    Raises as connecting does.
    """
    flow, form, integration = attempt.flow, attempt.form, attempt.integration
    bearer, actor = flow.bearer, attempt.actor
    await _check_magic_link(services, bearer)
    code = auth_codes.new_code()
    result = await link_flows.seal_code(services.vault, bearer.organization_id, flow.flow_id, code)

    async def end(transaction: Transaction, connection: ConnectionRow) -> None:
        await _end(services, transaction, flow, connection, code, result)

    off, on = switched(form.options)
    circumstances = ConnectCircumstances(
        actor, off, on, end, {"magic_link_id": bearer.magic_link_id} if bearer.magic_link_id else {}
    )
    if form.repaired is not None:
        await services.connector.reconnect(form.repaired, values, session_values, circumstances)
        return
    if is_shared(integration) and (existing := await _shared_connection(services, bearer, integration)):
        async with services.database.transaction() as transaction:
            entry = AuditEntry(bearer.organization_id, actor, "connection.reinstalled", existing.uid)
            await note(transaction, entry, services.clock())
            await end(transaction, existing)
        return
    await services.connector.connect(
        bearer.organization_id, integration, values, bearer.customer_id, session_values, circumstances
    )


async def _shared_connection(
    services: LinkServices, bearer: LinkToken, integration: Integration
) -> ConnectionRow | None:
    """The connection that the organization has of it; the oldest, as everywhere."""
    return await oldest_of(services.database, bearer.organization_id, integration.type, integration.slug)


async def _check_magic_link(services: LinkServices, bearer: LinkToken) -> None:
    """Raise LinkRefused before anybody signs in for nothing."""
    if bearer.magic_link_id is None:
        return
    link = await magic_links.get(
        services.database, services.vault, bearer.magic_link_id, bearer.organization_id
    )
    if link is None:
        raise LinkRefused("there is no such link any more", code="magic_link_unknown", status=404)
    check_open(link, services.clock())


async def _end(
    services: LinkServices, transaction: Transaction, flow: FlowTurn, connection: ConnectionRow, code: str,
    result: bytes,
) -> None:  # fmt: skip
    """End a flow in the transaction that stores its connection. What is raised undoes that."""
    now, bearer = services.clock(), flow.bearer
    link_id = bearer.magic_link_id
    if link_id is not None and not await magic_links.count_connection(transaction, link_id, now):
        raise LinkRefused("this link was used already", code="magic_link_used", status=410)
    expires = now + services.settings.auth_code_minutes * MINUTE_MS
    await auth_codes.add(transaction, code, bearer.organization_id, connection.id, expires)
    ids = msgspec.json.decode(bearer.webhook_endpoints, type=list[str])
    await endpoints.add_connection(transaction, bearer.organization_id, ids, connection.uid)
    if not await link_flows.finish(
        transaction, flow.flow_id, flow.mark, connection.id, result, now + link_flows.KEPT_MS
    ):
        raise LinkRefused("another window was faster", code="flow_busy", status=409)


# What came of it


async def result_of(services: LinkServices, bearer: LinkToken, flow: LinkFlow) -> LinkResult:
    """The result of a flow that is done. Raises LinkRefused when its connection was deleted since."""
    connection = await connection_of(services, flow)
    integration = get_integration(connection.type, connection.integration)
    return LinkResult(
        connection_id=connection.uid,
        integration_name=integration.slug,
        integration_type=integration.type,
        display_name=integration.manifest.name,
        auth_code=flow.auth_code or "",
        reinstalled=bearer.connection_uid is not None,
        permissions=permissions_kept(services, flow, connection),
    )


async def connection_of(services: LinkServices, flow: LinkFlow) -> ConnectionRow:
    """The connection of a flow that is done. Raises LinkRefused where there is none."""
    connection = None
    if flow.connection_id is not None:
        connection = await connections.by_id(services.database, flow.connection_id)
    if connection is None:
        raise LinkRefused("nothing is connected in this flow", code="connection_gone", status=404)
    return connection


def permissions_kept(
    services: LinkServices, flow: LinkFlow, connection: ConnectionRow
) -> list[FunctionPermission]:
    """Findings about the functions of a connection; pending: they are not checked yet."""
    if flow.permissions is not None:
        return msgspec.json.decode(flow.permissions, type=list[FunctionPermission])
    integration = get_integration(connection.type, connection.integration)
    actions = available_actions(connection, integration, services.settings.off)
    return [FunctionPermission(action, label_of(action), "pending") for action in actions]


async def checked_permissions(services: LinkServices, flow: LinkFlow) -> list[FunctionPermission]:
    """The permission of each function that is on, checked once for all who ask. Raises LinkRefused."""
    connection = await connection_of(services, flow)
    if flow.permissions is not None:
        return permissions_kept(services, flow, connection)

    async def check() -> str:
        results = await _check(services, connection)
        text = msgspec.json.encode(results).decode()
        await link_flows.keep_permissions(services.database, flow, text)
        return text

    text = await services.checks.get((flow.organization_id, flow.subject, flow.id), check)
    return msgspec.json.decode(text, type=list[FunctionPermission])


async def _check(services: LinkServices, connection: ConnectionRow) -> list[FunctionPermission]:
    integration = get_integration(connection.type, connection.integration)
    actions = available_actions(connection, integration, services.settings.off)
    try:
        async with services.sign_in(connection, integration) as client:
            results = await check_permissions(client, integration, actions)
    except (VendorError, Invalid, NotFound) as problem:
        reason = str(problem)[:LONGEST_REASON]
        return [FunctionPermission(action, label_of(action), "unknown", reason) for action in actions]
    return [
        FunctionPermission(
            action, label_of(action), STATES[results[action].state],
            (results[action].reason or "")[:LONGEST_REASON] or None,
        )
        for action in actions
    ]  # fmt: skip
