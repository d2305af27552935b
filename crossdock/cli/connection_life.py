"""A connection on the terminal: what is set for it, what it may do, its access tokens, and its end."""

from dataclasses import dataclass
from typing import Any, Literal

import typer

from crossdock.cli.output import errors, print_json, print_table, say
from crossdock.config import Settings
from crossdock.connections import disconnect as disconnecting
from crossdock.connections import tokens
from crossdock.connections.capabilities import available_actions, integration_of
from crossdock.connections.connect import naming_system
from crossdock.connections.lookup import get_by_prefix, get_connection
from crossdock.connections.permissions import check_permissions
from crossdock.connections.settings import ConnectionChange, available_paces, change_settings
from crossdock.errors import Invalid
from crossdock.services.open import open_services
from crossdock.services.wiring import Services
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.people.audit_log import COMMAND_LINE
from crossdock.wire import stamp

DEFAULT = "default"
WORDS = {"allowed": "ok", "denied": "missing", "unknown": "unknown"}


@dataclass(frozen=True)
class SettingOptions:
    """The options of `connections set`, as they were typed."""

    every: list[str]
    lookback_days: str | None
    webhooks: Literal["on", "off"] | None
    customer_id: str | None
    keep_raw: bool | None

    def change(self) -> ConnectionChange:
        """The change that they ask for. Raises Invalid."""
        chosen: dict[str, Any] = {} if self.keep_raw is None else {"keep_raw": self.keep_raw}
        if self.every:
            chosen["sync_frequency"] = dict(map(_pace, self.every))
        if self.lookback_days is not None:
            chosen["lookback_days"] = _number("lookback_days", self.lookback_days)
        if self.webhooks is not None:
            chosen["webhooks_disabled"] = self.webhooks == "off"
        if self.customer_id is not None:
            chosen["customer_id"] = self.customer_id or None
        return ConnectionChange(**chosen)


def _pace(text: str) -> tuple[str, int | None]:
    function, equals, seconds = text.partition("=")
    if not equals or not function:
        raise Invalid({"options": {"every": [f"is {text!r}; wanted is FUNCTION=SECONDS, as get_orders=600"]}})
    return function, _number("every", seconds)


def _number(option: str, text: str) -> int | None:
    """The number of an option; None for the default. Raises Invalid."""
    if text == DEFAULT:
        return None
    if not text.isascii() or not text.isdecimal():
        raise Invalid({"options": {option: [f"is {text!r}; wanted is a whole number, or {DEFAULT}"]}})
    return int(text)


async def set_up(settings: Settings, reference: str, options: SettingOptions, *, as_json: bool) -> None:
    """Change what is set for a connection, and print all of it."""
    change = options.change()
    async with open_services(settings) as services:
        connection = await get_by_prefix(services.database, reference)
        if change.chosen:
            await change_settings(services.database, connection, change, services.clock(), actor=COMMAND_LINE)
        row = await _settings(services, await get_connection(services.database, connection.uid))
    if as_json:
        print_json(row)
        return
    paces = row.pop("sync_frequency")
    print_table("Connection", [row], "")
    rows = [{"function": function, **pace} for function, pace in paces.items()]
    print_table("Seconds between two syncs", rows, "It syncs nothing.")


async def _settings(services: Services, connection: ConnectionRow) -> dict[str, Any]:
    paces = await available_paces(services.database, connection, services.settings.off)
    return {
        "connection_id": connection.uid,
        "customer_id": connection.customer_id,
        "webhooks_disabled": connection.webhooks_disabled,
        "lookback_days": connection.lookback_days,
        "quantities": connection.quantities,
        "keep_raw": connection.keep_raw,
        "sync_frequency": {
            pace.function: {"seconds": pace.seconds, "default_seconds": pace.default_seconds}
            for pace in paces
        },
    }


async def check(settings: Settings, reference: str, *, as_json: bool) -> None:
    """Print what the credentials of a connection may do. Ends with exit code 1 when something is missing."""
    async with open_services(settings) as services:
        connection = await get_by_prefix(services.database, reference)
        integration = integration_of(connection)
        functions = [
            function
            for function in available_actions(connection, integration, settings.off)
            if function in integration.functions
        ]
        with errors.status(f"Asking {integration.manifest.name} …"), naming_system(integration):
            async with services.clients.sign_in_to_write(connection, integration) as client:
                await client.check()
                permissions = await check_permissions(client, integration, functions)
    rows = [
        {"function": function, "permission": WORDS[permission.state], "reason": permission.reason}
        for function, permission in permissions.items()
    ]
    if as_json:
        print_json({"connection_id": connection.uid, "permissions": rows})
    else:
        print_table("What its credentials may do", rows, "Everything of it is switched off.")
    if any(row["permission"] == WORDS["denied"] for row in rows):
        raise typer.Exit(1)


async def show_token(settings: Settings, reference: str, *, as_json: bool) -> None:
    """Print the access token of a connection."""
    async with open_services(settings) as services:
        connection = await get_by_prefix(services.database, reference)
        token = await tokens.look_at_token(
            services.database, services.vault, connection, services.clock(), actor=COMMAND_LINE
        )
    if as_json:
        print_json({"connection_id": connection.uid, "access_token": token})
    else:
        say(token)


async def rotate(settings: Settings, reference: str, grace_seconds: int, *, as_json: bool) -> None:
    """Give a connection another access token, and print it."""
    async with open_services(settings) as services:
        connection = await get_by_prefix(services.database, reference)
        made = await tokens.rotate_token(
            services.database, services.vault, connection, grace_seconds, services.clock(), actor=COMMAND_LINE
        )
    until = None if made.previous_until_ms is None else stamp(made.previous_until_ms)
    if as_json:
        print_json(
            {
                "connection_id": connection.uid,
                "access_token": made.token,
                "previous_token_expires_at": until,
            }
        )
        return
    say(made.token)
    say("The one before does not work any more." if until is None else f"The one before works until {until}.")


async def list_tokens(settings: Settings, reference: str, *, as_json: bool) -> None:
    """Print what may be told of a connection's tokens."""
    async with open_services(settings) as services:
        connection = await get_by_prefix(services.database, reference)
        current, retired = await tokens.tokens_of(services.database, connection, services.clock())
    rows = [
        {"created": stamp(current.created_ms), "last_used": _when(current.used_ms), "expires": None},
        *(
            {
                "created": stamp(token.created_ms),
                "last_used": _when(token.used_ms),
                "expires": stamp(token.expires_ms),
            }
            for token in retired
        ),
    ]
    if as_json:
        print_json(rows)
    else:
        print_table("Access tokens", rows, "")


def _when(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else stamp(moment_ms)


async def disconnect(settings: Settings, reference: str, *, as_json: bool) -> None:
    """Delete a connection; a worker removes what is left of it."""
    async with open_services(settings) as services:
        connection = await get_by_prefix(services.database, reference)
        is_deleted = await disconnecting.disconnect(
            services.database, connection, services.clock(), services.subscriptions.leave, actor=COMMAND_LINE
        )
    if as_json:
        print_json({"connection_id": connection.uid, "deleted": is_deleted})
    else:
        say(f"{connection.uid} is deleted; a worker removes what is left of it.")
