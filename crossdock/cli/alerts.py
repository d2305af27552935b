"""`crossdock alerts`: who is told of problems, how, and what was told."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

from crossdock.cli.output import print_json, print_table, say
from crossdock.cli.running import AsJson, OrganizationReference, run
from crossdock.config import Settings
from crossdock.errors import Invalid

if TYPE_CHECKING:
    from crossdock.alerts.channels import ChannelChange, ChannelDraft
    from crossdock.alerts.rules import AlertRules
    from crossdock.services.wiring import Services
    from crossdock.store.alerts.channels import AlertChannel
    from crossdock.store.alerts.outbox import AlertRow

app = typer.Typer(no_args_is_help=True, help="Alerts: who is told of problems, and what was told.")

ChannelType = Literal["email", "slack", "teams", "url"]
ForOperator = Annotated[
    bool,
    typer.Option("--operator", help="Of whoever runs the server: backlog, faults, e-mail that is not taken."),
]
ChannelId = Annotated[str, typer.Argument(help="The id of a channel.")]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--to", help="An address of e-mail, there as often as wanted; or the URL of Slack, Teams, …"
    ),
]
Rules = Annotated[
    str | None,
    typer.Option(
        "--rules",
        help="JSON, as the API has it: kinds, connection_ids, customer_ids, after_minutes, at_least, "
        "every_minutes, quiet_hours, urgent, resolved. What is left out is as by default.",
    ),
]


@app.command("add")
def add_channel(
    kind: Annotated[ChannelType, typer.Argument(help="How messages go.")],
    name: Annotated[str, typer.Argument(help="What the channel is called.")],
    to: Targets = None,
    rules: Rules = None,
    organization: OrganizationReference = None,
    operator: ForOperator = False,
    as_json: AsJson = False,
) -> None:
    """Make a channel. It hears first of what is wrong now.

    Example: `crossdock alerts add slack "On call" --to https://hooks.slack.com/services/…`
    """

    async def work(settings: Settings) -> None:
        from crossdock.alerts.channels import ChannelDraft
        from crossdock.alerts.rules import AlertRules

        draft = ChannelDraft(
            name=name, kind=kind, addresses=_addresses(to), url=_url(to), rules=_rules(rules) or AlertRules()
        )
        await _add(settings, draft, _owner(organization, operator), as_json=as_json)

    run(work, as_json=as_json)


async def _add(settings: Settings, draft: "ChannelDraft", owner: str | None, *, as_json: bool) -> None:
    from crossdock.services.open import open_services
    from crossdock.store.people.audit_log import COMMAND_LINE

    async with open_services(settings) as services:
        organization_id = await _organization_id(services, owner)
        channel = await services.alerts.keeper.create(organization_id, draft, COMMAND_LINE)
    secret = channel.target.secret
    if as_json:
        print_json(_row(channel) | ({"signing_secret": secret} if secret else {}))
        return
    say(f"Channel [bold]{channel.id}[/]. Send a test: crossdock alerts test {channel.id}")
    if secret:
        say(f"Its messages are signed with this secret, which is not shown again: {secret}")


@app.command("channels")
def list_channels(
    organization: OrganizationReference = None, operator: ForOperator = False, as_json: AsJson = False
) -> None:
    """List channels and what they want to hear of."""

    async def work(settings: Settings) -> None:
        from crossdock.services.open import open_services

        async with open_services(settings) as services:
            organization_id = await _organization_id(services, _owner(organization, operator))
            channels = await services.alerts.keeper.get_list(organization_id)
        rows = [_row(channel) for channel in channels]
        if as_json:
            print_json(rows)
        else:
            print_table("Channels", rows, "There is no channel yet: crossdock alerts add makes one.")

    run(work, as_json=as_json)


@app.command("set")
def set_channel(
    channel_id: ChannelId,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    to: Targets = None,
    rules: Rules = None,
    disabled: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Whether anything goes there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change a channel. What is left out stays."""

    async def work(settings: Settings) -> None:
        from crossdock.alerts.channels import ChannelChange

        change = ChannelChange(
            name=name,
            addresses=_addresses(to) or None,
            url=_url(to) or None,
            rules=_rules(rules),
            disabled=disabled,
        )
        await _change(settings, channel_id, change, as_json=as_json)

    run(work, as_json=as_json)


async def _change(settings: Settings, channel_id: str, change: "ChannelChange", *, as_json: bool) -> None:
    from crossdock.services.open import open_services
    from crossdock.store.people.audit_log import COMMAND_LINE

    async with open_services(settings) as services:
        owner = await services.alerts.keeper.owner(channel_id)
        channel = await services.alerts.keeper.change(owner, channel_id, change, COMMAND_LINE)
    if as_json:
        print_json(_row(channel))
    else:
        print_table("Channel", [_row(channel)], "")


@app.command("remove")
def remove_channel(channel_id: ChannelId, as_json: AsJson = False) -> None:
    """Delete a channel: nothing more goes there."""

    async def work(settings: Settings) -> None:
        from crossdock.services.open import open_services
        from crossdock.store.people.audit_log import COMMAND_LINE

        async with open_services(settings) as services:
            owner = await services.alerts.keeper.owner(channel_id)
            await services.alerts.keeper.delete(owner, channel_id, COMMAND_LINE)
        if as_json:
            print_json({"id": channel_id, "deleted": True})
        else:
            say(f"Channel {channel_id} is deleted.")

    run(work, as_json=as_json)


@app.command("test")
def send_test(channel_id: ChannelId, as_json: AsJson = False) -> None:
    """Send a test, and say what became of it. Exit code 1: it did not arrive."""

    async def work(settings: Settings) -> None:
        from crossdock.services.open import open_services
        from crossdock.store.people.audit_log import COMMAND_LINE

        async with open_services(settings) as services:
            owner = await services.alerts.keeper.owner(channel_id)
            alert = await services.alerts.trial.send(owner, channel_id, COMMAND_LINE)
        if as_json:
            print_json({"id": alert.id, "status": alert.state, "error": alert.error or None})
        else:
            say(f"{alert.state}{f': {alert.error}' if alert.error else ''}")
        if alert.state != "sent":
            raise typer.Exit(1)

    run(work, as_json=as_json)


@app.command("log")
def list_alerts(
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=1000)] = 20,
    organization: OrganizationReference = None,
    operator: ForOperator = False,
    as_json: AsJson = False,
) -> None:
    """List what was told, to whom, and what became of it."""

    async def work(settings: Settings) -> None:
        from crossdock.services.open import open_services
        from crossdock.store.alerts import outbox
        from crossdock.store.alerts.outbox import AlertPageFilter

        async with open_services(settings) as services:
            organization_id = await _organization_id(services, _owner(organization, operator))
            alerts = await outbox.page(services.database, AlertPageFilter(organization_id), limit)
        rows = [_log_row(alert) for alert in alerts]
        if as_json:
            print_json(rows)
        else:
            print_table("Alerts", rows, "Nothing was told yet.")

    run(work, as_json=as_json)


_OPERATOR = "--operator"
"""In the place of an organization's name, which none can have: names have no dashes in front."""


def _owner(organization: str | None, operator: bool) -> str | None:
    if operator and organization is not None:
        raise Invalid({"options": {"operator": ["can't be there together with --organization"]}})
    return _OPERATOR if operator else organization


async def _organization_id(services: "Services", owner: str | None) -> str:
    from crossdock.connections.organizations import NO_ORGANIZATION, choose
    from crossdock.errors import NotFound
    from crossdock.store.alerts.channels import OPERATOR
    from crossdock.store.connections import access

    if owner == _OPERATOR:
        return OPERATOR
    organizations = await access.organizations(services.database)
    if not organizations:
        raise NotFound(NO_ORGANIZATION)
    return choose(organizations, owner).id


def _addresses(targets: list[str] | None) -> list[str]:
    return [target for target in targets or [] if "://" not in target]


def _url(targets: list[str] | None) -> str:
    """The only URL among targets; empty: there is none. Raises Invalid."""
    urls = [target for target in targets or [] if "://" in target]
    if len(urls) > 1:
        raise Invalid({"options": {"to": [f"holds {len(urls)} URLs; a channel has at most one"]}})
    return urls[0] if urls else ""


def _rules(text: str | None) -> "AlertRules | None":
    """The rules of an option. Raises Invalid."""
    from crossdock.alerts.rules import AlertRules

    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=AlertRules)
    except msgspec.MsgspecError as fault:
        raise Invalid({"options": {"rules": [f"is not what the API takes as rules: {fault}"]}}) from None


def _row(channel: "AlertChannel") -> dict[str, Any]:
    from crossdock.alerts.channels import shown_target
    from crossdock.wire import stamp

    return {
        "id": channel.id,
        "name": channel.name,
        "type": channel.kind,
        "target": shown_target(channel.target),
        "disabled": channel.disabled,
        "rules": channel.rules.decode(),
        "created_at": stamp(channel.created_ms),
    }


def _log_row(alert: "AlertRow") -> dict[str, Any]:
    from crossdock.alerts.content import AlertContent
    from crossdock.wire import stamp

    content = msgspec.json.decode(alert.content, type=AlertContent)
    return {
        "id": alert.id,
        "told": stamp(alert.at_ms),
        "channel": alert.channel_name,
        "title": content.title,
        "status": alert.state,
        "attempts": alert.attempts,
        "error": alert.error,
    }
