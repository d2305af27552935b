"""The page about the people of an organization."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.settings.view import settings_view
from crossdock.store.people.users import ROLES

PATH = "/settings/members"


class MadeInvitationLink(msgspec.Struct):
    """An invitation that was just made: its link is shown this once."""

    email: str
    link: str


class MembersPage(msgspec.Struct):
    """Members, and the invitations that are open, for those who may see them."""

    members: list[dict[str, Any]]
    invitations: list[dict[str, Any]]
    roles: list[str]
    own_user_id: str
    new_invitation: MadeInvitationLink | None = None


async def shown(visit: DashboardContext) -> Response:
    return await _page(visit)


async def _page(visit: DashboardContext, new_invitation: MadeInvitationLink | None = None) -> Response:
    members = (await visit.account.get("/members"))["data"]
    sent = (await visit.account.get("/invitations"))["data"] if visit.may("members.manage") else []
    page = MembersPage(
        members,
        [invitation for invitation in sent if invitation["status"] == "open"],
        [str(role) for role in ROLES],
        visit.holder.session.user_id,
        new_invitation,
    )
    return settings_view(visit, "members.html", page, path=PATH, title="Members")


async def changed(visit: DashboardContext) -> Response:
    return await ACTS[visit.text("do")](visit)


async def _invited(visit: DashboardContext) -> Response:
    """Show the link of the new invitation, this once."""
    body = {"email": visit.text("email"), "role": visit.text("role")}
    made = await visit.account.send("POST", "/invitations", body)
    return await _page(visit, MadeInvitationLink(made["email"], made["link"]))


async def _revoked(visit: DashboardContext) -> Response:
    await visit.account.send("DELETE", f"/invitations/{visit.text('invitation_id')}")
    return visit.onward(PATH, done="invitation_revoked")


async def _role_changed(visit: DashboardContext) -> Response:
    await visit.account.send("PATCH", f"/members/{visit.text('user_id')}", {"role": visit.text("role")})
    return visit.onward(PATH, done="role_changed")


async def _removed(visit: DashboardContext) -> Response:
    await visit.account.send("DELETE", f"/members/{visit.text('user_id')}")
    return visit.onward(PATH, done="member_removed")


ACTS: dict[str, Callable[[DashboardContext], Awaitable[Response]]] = {
    "invite": _invited, "revoke": _revoked, "role": _role_changed, "remove": _removed,
}  # fmt: skip
