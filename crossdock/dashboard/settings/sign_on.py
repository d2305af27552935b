"""The page about single sign-on."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.settings.view import lines, settings_view
from crossdock.errors import NotFound
from crossdock.store.people.users import ROLES

PATH = "/settings/sign-on"


class SignOnPage(msgspec.Struct):
    """The set-up of single sign-on; null: there is none. owners: who may use a password then."""

    sign_on: dict[str, Any] | None
    redirect_uri: str
    roles: list[str]
    owners: list[dict[str, Any]]


async def shown(visit: DashboardContext) -> Response:
    members = (await visit.account.get("/members"))["data"]
    page = SignOnPage(
        await _sign_on(visit),
        visit.door.identity.single_sign_on.redirect_uri,
        [str(role) for role in ROLES],
        [member for member in members if member["role"] == "owner"],
    )
    return settings_view(visit, "sign_on.html", page, path=PATH, title="Single sign-on")


async def _sign_on(visit: DashboardContext) -> dict[str, Any] | None:
    try:
        settings: dict[str, Any] = await visit.account.get("/sso")
    except NotFound:
        return None
    return settings


async def changed(visit: DashboardContext) -> Response:
    return visit.onward(PATH, done=await ACTS[visit.text("do")](visit))


async def _saved(visit: DashboardContext) -> str:
    body: dict[str, Any] = {
        "issuer": visit.text("issuer").strip(), "client_id": visit.text("client_id").strip(),
        "domains": lines(visit.text("domains")), "default_role": visit.text("default_role"),
        "adds_members": bool(visit.text("adds_members")), "is_enforced": bool(visit.text("is_enforced")),
        "break_glass_user_id": visit.text("break_glass_user_id") or None,
    }  # fmt: skip
    if visit.text("client_secret") or visit.text("is_public"):
        body["client_secret"] = "" if visit.text("is_public") else visit.text("client_secret")
    await visit.account.send("PUT", "/sso", body)
    return "saved"


async def _removed(visit: DashboardContext) -> str:
    await visit.account.send("DELETE", "/sso")
    return "sign_on_removed"


ACTS: dict[str, Callable[[DashboardContext], Awaitable[str]]] = {"save": _saved, "remove": _removed}
