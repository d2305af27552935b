"""The pages about who is told of problems: channels, their rules, and what was sent."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.alerts.kinds import CUSTOMER_KINDS, kind_of
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.settings.view import lines, settings_view, whole_number

PATH = "/settings/notifications"
TYPES = {"email": "E-mail", "slack": "Slack", "teams": "Microsoft Teams", "url": "URL"}
NUMBERS = ("after_minutes", "at_least", "every_minutes")


class ChannelKind(msgspec.Struct):
    """A kind of problem. is_on: whether the channel hears of it."""

    name: str
    title: str
    is_on: bool


class ChannelsPage(msgspec.Struct):
    """The channels, what was sent of late, and the secret of a channel that was just made, this once."""

    channels: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    types: dict[str, str]
    new_channel: dict[str, Any] | None = None


class ChannelPage(msgspec.Struct):
    """A channel with its rules."""

    channel: dict[str, Any]
    kinds: list[ChannelKind]
    alerts: list[dict[str, Any]]


async def listed(visit: DashboardContext) -> Response:
    return await _page(visit)


async def _page(visit: DashboardContext, new_channel: dict[str, Any] | None = None) -> Response:
    channels = (await visit.inside.get("/alerts/channels"))["data"]
    alerts = (await visit.inside.get("/alerts", {"limit": 20}))["data"]
    page = ChannelsPage(channels, alerts, TYPES, new_channel)
    return settings_view(visit, "notifications.html", page, path=PATH, title="Notifications")


async def made(visit: DashboardContext) -> Response:
    """Make a channel; what signs its messages is shown this once."""
    kind = visit.text("type")
    body: dict[str, Any] = {"name": visit.text("name"), "type": kind}
    body |= (
        {"emails": lines(visit.text("target"))} if kind == "email" else {"url": visit.text("target").strip()}
    )
    channel = (await visit.inside.send("POST", "/alerts/channels", body))["data"]
    if channel["signing_secret"]:
        return await _page(visit, channel)
    return visit.onward(f"{PATH}/{channel['id']}", done="channel_made")


async def shown(visit: DashboardContext) -> Response:
    """One channel."""
    channel_id = visit.part("channel_id")
    channel = (await visit.inside.get(f"/alerts/channels/{channel_id}"))["data"]
    alerts = (await visit.inside.get("/alerts", {"channel_id": channel_id, "limit": 20}))["data"]
    wanted = channel["rules"]["kinds"]
    kinds = [
        ChannelKind(name, kind_of(name).title, wanted is None or name in wanted) for name in CUSTOMER_KINDS
    ]
    page = ChannelPage(channel, kinds, alerts)
    return settings_view(visit, "channel.html", page, path=PATH, title=channel["name"])


async def changed(visit: DashboardContext) -> Response:
    """Do what a form of the channel's page asks for."""
    where = f"/alerts/channels/{visit.part('channel_id')}"
    return await ACTS[visit.text("do")](visit, where)


async def _tested(visit: DashboardContext, where: str) -> Response:
    alert = (await visit.inside.send("POST", f"{where}/test"))["data"]
    return _back(visit, "test_failed" if alert["status"] == "failed" else f"test_{alert['status']}")


async def _saved(visit: DashboardContext, where: str) -> Response:
    before = (await visit.inside.get(where))["data"]
    body: dict[str, Any] = {"name": visit.text("name"), "rules": before["rules"] | _rules(visit)}
    if before["type"] == "email":
        body["emails"] = lines(visit.text("target"))
    elif visit.text("target").strip():
        body["url"] = visit.text("target").strip()
    await visit.inside.send("PATCH", where, body)
    return _back(visit, "saved")


def _rules(visit: DashboardContext) -> dict[str, Any]:
    """The rules that the form says; those that it has no field for stay."""
    kinds = [name for name in CUSTOMER_KINDS if visit.text(f"kind.{name}")]
    numbers = {name: whole_number(name, visit.text(name)) for name in NUMBERS}
    hours = {name: visit.text(f"quiet_{name}").strip() for name in ("start", "end", "time_zone")}
    return {
        "kinds": None if len(kinds) == len(CUSTOMER_KINDS) else kinds,
        "quiet_hours": hours | {"time_zone": hours["time_zone"] or "UTC"} if hours["start"] else None,
        "resolved": bool(visit.text("resolved")),
        **{name: number for name, number in numbers.items() if number is not None},
    }


async def _disabled(visit: DashboardContext, where: str) -> Response:
    await visit.inside.send("PATCH", where, {"disabled": True})
    return _back(visit, "saved")


async def _enabled(visit: DashboardContext, where: str) -> Response:
    await visit.inside.send("PATCH", where, {"disabled": False})
    return _back(visit, "saved")


async def _deleted(visit: DashboardContext, where: str) -> Response:
    await visit.inside.send("DELETE", where)
    return visit.onward(PATH, done="channel_deleted")


def _back(visit: DashboardContext, done: str) -> Response:
    return visit.onward(f"{PATH}/{visit.part('channel_id')}", done=done)


ACTS: dict[str, Callable[[DashboardContext, str], Awaitable[Response]]] = {
    "test": _tested, "save": _saved, "disable": _disabled, "enable": _enabled, "delete": _deleted,
}  # fmt: skip
