"""Alerts: who is told of problems, and what was told. An extension."""

import msgspec
from starlette.responses import Response

from crossdock.alerts import rules as channel_rules
from crossdock.alerts.channels import ChannelChange, ChannelDraft, shown_target
from crossdock.alerts.content import AlertContent
from crossdock.alerts.mail_template import plain_text
from crossdock.api import alert_schemas as schemas
from crossdock.api.context import RequestContext
from crossdock.store.alerts import outbox
from crossdock.store.alerts.channels import AlertChannel
from crossdock.store.alerts.outbox import AlertPageFilter, AlertRow
from crossdock.store.people.audit_log import acting
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.web.responses import reply
from crossdock.wire import stamp


async def get_list(visit: RequestContext) -> Response:
    """A page of the organization's alerts, the newest first."""
    arguments, organization_id = visit.arguments(), visit.caller.organization_id
    pages = PageTokens(visit.door.page_key, 0, f"alerts of {organization_id}")
    before = pages.key_or_none(arguments.get("page_token"))
    channel_id = arguments.get("channel_id")
    page_filter = AlertPageFilter(
        organization_id,
        None if channel_id is None else str(channel_id),
        None if before is None else str(before[0]),
    )
    alerts = await paginate(
        int(arguments["limit"]),
        lambda limit: outbox.page(visit.door.database, page_filter, limit),
        lambda alert: pages.token((alert.id,), None),
    )
    shown = [_shown_alert(alert) for alert in alerts.items]
    return reply(schemas.AlertList(data=shown, next_token=alerts.next_token, total_count=len(shown)))


async def get_channels(visit: RequestContext) -> Response:
    known = await visit.door.alerts.keeper.get_list(visit.caller.organization_id)
    shown = [_shown_channel(channel) for channel in known]
    return reply(schemas.AlertChannelList(data=shown, next_token=None, total_count=len(shown)))


async def create_channel(visit: RequestContext) -> Response:
    body = await visit.body(schemas.AlertChannelBody)
    draft = ChannelDraft(
        name=body.name, kind=body.type, addresses=body.emails or (), url=body.url, rules=body.rules,
        disabled=body.disabled,
    )  # fmt: skip
    channel = await visit.door.alerts.keeper.create(visit.caller.organization_id, draft, acting())
    visit.door.wake()
    secret = channel.target.secret or None
    return reply(schemas.AlertChannelItem(data=_shown_channel(channel, secret)))


async def get_channel(visit: RequestContext) -> Response:
    channel = await visit.door.alerts.keeper.get(visit.caller.organization_id, _channel_id(visit))
    return reply(schemas.AlertChannelItem(data=_shown_channel(channel)))


async def change_channel(visit: RequestContext) -> Response:
    body = await visit.body(schemas.AlertChannelPatch)
    change = ChannelChange(
        name=body.name, addresses=body.emails, url=body.url, rules=body.rules, disabled=body.disabled
    )
    channel = await visit.door.alerts.keeper.change(
        visit.caller.organization_id, _channel_id(visit), change, acting()
    )
    visit.door.wake()
    return reply(schemas.AlertChannelItem(data=_shown_channel(channel)))


async def delete_channel(visit: RequestContext) -> Response:
    keeper, organization_id = visit.door.alerts.keeper, visit.caller.organization_id
    channel = await keeper.get(organization_id, _channel_id(visit))
    await keeper.delete(organization_id, channel.id, acting())
    return reply(schemas.AlertChannelItem(data=_shown_channel(channel)))


async def send_test(visit: RequestContext) -> Response:
    """Send a test, and wait for what becomes of it."""
    alert = await visit.door.alerts.send(visit.caller.organization_id, _channel_id(visit), acting())
    return reply(schemas.AlertItem(data=_shown_alert(alert)))


def _channel_id(visit: RequestContext) -> str:
    return str(visit.arguments()["channel_id"])


def _shown_channel(channel: AlertChannel, secret: str | None = None) -> schemas.AlertChannelReply:
    """A channel as it can be shown. secret: that signs its messages, where it was just made."""
    return schemas.AlertChannelReply(
        id=channel.id,
        name=channel.name,
        type=channel.kind,  # type: ignore[arg-type]
        emails=list(channel.target.addresses),
        url=shown_target(channel.target) if channel.target.url else None,
        signing_secret=secret,
        rules=channel_rules.read(channel.rules),
        disabled=channel.disabled,
        created_date=stamp(channel.created_ms),
        updated_date=stamp(channel.updated_ms),
    )


def _shown_alert(alert: AlertRow) -> schemas.AlertReply:
    content = msgspec.json.decode(alert.content, type=AlertContent)
    return schemas.AlertReply(
        id=alert.id,
        channel_id=alert.channel_id,
        channel_name=alert.channel_name,
        channel_type=alert.channel_kind,  # type: ignore[arg-type]
        created_date=stamp(alert.at_ms),
        type=content.type,  # type: ignore[arg-type]
        title=content.title,
        text=plain_text(content),
        opened=content.opened,
        resolved=content.resolved,
        status=alert.state,  # type: ignore[arg-type]
        attempts=alert.attempts,
        next_attempt=None if alert.due_ms is None else stamp(alert.due_ms),
        error=alert.error or None,
    )
