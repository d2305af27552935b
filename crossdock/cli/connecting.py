"""Connecting a system on the terminal, connecting it anew, and changing what is set for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import typer

from crossdock.cli.output import errors, print_json, say
from crossdock.config import Settings
from crossdock.connections.capabilities import available_actions, integration_of
from crossdock.connections.connect import ConnectCircumstances, naming_system
from crossdock.connections.credentials import next_field, sign_in_choice
from crossdock.connections.lookup import get_by_prefix
from crossdock.connections.organizations import choose
from crossdock.connections.settings import ConnectionChange, change_settings
from crossdock.errors import Invalid, NotFound
from crossdock.kit.fields import SIGN_IN, Field
from crossdock.kit.registry import Integration, all_integrations, slug_of
from crossdock.services.open import open_services
from crossdock.store.connections import access
from crossdock.store.people.audit_log import COMMAND_LINE


@dataclass(frozen=True)
class ConnectRequest:
    """The system to be connected, and for whom."""

    name: str
    kind: str | None
    values: dict[str, str]
    """The sign-in fields that are filled in."""
    customer_id: str | None
    organization: str | None
    is_interactive: bool
    """Whether somebody is there who can be asked for what is missing."""


def parse_fields(fields: list[str]) -> dict[str, str]:
    """KEY=VALUE → a mapping; a value "-" is asked for. Ends the command when one has no "="."""
    values = {}
    for text in fields:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"{text!r} is not KEY=VALUE", param_hint="--set")
        values[key] = typer.prompt(key, hide_input=True) if value == "-" else value
    return values


def choose_integration(name: str, kind: str | None) -> Integration:
    """The integration meant. Raises NotFound or Invalid with what there is."""
    systems = list(all_integrations().values())
    same_name = [integration for integration in systems if integration.slug == slug_of(name)]
    if not same_name:
        known_text = ", ".join(sorted({integration.slug for integration in systems}))
        raise NotFound(f"no integration is called {name!r}; there are: {known_text}", record_id=name)
    matches = [integration for integration in same_name if kind in (None, integration.type)]
    if len(matches) != 1:
        kinds = ", ".join(integration.type for integration in same_name)
        raise Invalid({"options": {"type": [f"{name} is several: say which with --type: {kinds}"]}})
    return matches[0]


async def connect(settings: Settings, request: ConnectRequest, *, as_json: bool) -> None:
    """Connect a system, and print the connection's id and token."""
    integration = choose_integration(request.name, request.kind)
    values = dict(request.values)
    choice = sign_in_choice(integration)
    if request.is_interactive and choice and choice.key not in values:
        values[choice.key] = _prompt(choice)
    if integration.manifest.auth_of(values).asks_for_consent:
        raise Invalid({"options": {"name": [_by_magic_link(integration)]}})
    values = complete(integration, values, _prompt) if request.is_interactive else values
    async with open_services(settings) as services:
        organizations = await access.organizations(services.database)
        if not organizations:
            raise NotFound("there is no organization yet; `crossdock keys create NAME` makes one")
        owner = choose(organizations, request.organization)
        with errors.status(f"Signing in to {integration.manifest.name} …"), naming_system(integration):
            connection, token = await services.connector.connect(
                owner.id, integration, values, request.customer_id,
                circumstances=ConnectCircumstances(COMMAND_LINE),
            )  # fmt: skip
    if as_json:
        print_json(
            {
                "connection_id": connection.uid,
                "access_token": token,
                "integration_name": connection.integration,
                "available_actions": available_actions(connection, integration, settings.off),
            }
        )
        return
    say(f"Connected as [bold]{connection.uid}[/]. Its access token:")
    say(f"  {token}")
    say("A running worker syncs it now. To sync it here and watch:")
    say(f"  crossdock sync {connection.uid[:8]}")


def _by_magic_link(integration: Integration) -> str:
    command = f"crossdock magic-links create --type {integration.type} --allow {integration.slug}"
    text = f"one signs in to {integration.manifest.name} on a page of its own; `{command}` makes a link to it"
    ways = integration.manifest.auth.ways.items()
    fields_only = [f"--set {SIGN_IN}={name}" for name, way in ways if not way.asks_for_consent]
    return f"{text}; without that page: {' or '.join(fields_only)}" if fields_only else text


def complete(integration: Integration, values: dict[str, str], ask: Callable[[Field], str]) -> dict[str, str]:
    """The values, and the answers of somebody who is asked for each field that is still needed."""
    answers = dict(values)
    while field := next_field(integration, answers):
        answers[field.key] = ask(field)
    return {key: value for key, value in answers.items() if value}


def _prompt(field: Field) -> str:
    """Ask for a field on the terminal."""
    choices = [
        f"{choice}: {field.choice_labels[choice]}" if choice in field.choice_labels else choice
        for choice in field.choices
    ]
    text = f"{field.label} ({', '.join(choices)})" if choices else field.label
    answer: str = typer.prompt(
        text, default=field.default, hide_input=field.secret, show_default=bool(field.default)
    )
    return answer


async def reconnect(settings: Settings, reference: str, values: dict[str, str], *, as_json: bool) -> None:
    """Sign a connection in with new values."""
    async with open_services(settings) as services:
        connection = await get_by_prefix(services.database, reference)
        integration = integration_of(connection)
        with errors.status(f"Signing in to {integration.manifest.name} …"), naming_system(integration):
            await services.connector.reconnect(
                connection, values, circumstances=ConnectCircumstances(COMMAND_LINE)
            )
    result = {"connection_id": connection.uid, "updated": True}
    _print(result, f"{connection.uid} works; it syncs now.", as_json=as_json)


async def set_quantities(settings: Settings, reference: str, choice: str, *, as_json: bool) -> None:
    """Set how a connection sends quantities."""
    async with open_services(settings) as services:
        connection = await get_by_prefix(services.database, reference)
        changed = connection.quantities != choice
        if changed:
            change = ConnectionChange(quantities=choice)
            await change_settings(services.database, connection, change, services.clock(), actor=COMMAND_LINE)
    result = {"connection_id": connection.uid, "quantities": choice, "updated": changed}
    _print(result, f"{connection.uid}: {choice}", as_json=as_json)


def _print(value: dict[str, Any], text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(value)
    else:
        say(text)
