"""The page about the people of an organization: all see them, owners invite, change and remove them."""

from typing import Any

from starlette.responses import Response

from crossdock.errors import BadRequest, Forbidden
from crossdock.pages.account.context import AccountPageContext
from crossdock.pages.account.faults import NO_FAULT, TOLD, FormFault
from crossdock.pages.account.operations import HOME, PEOPLE
from crossdock.people.members import check_role
from crossdock.people.permissions import may
from crossdock.people.sessions import check_organization, require_permission
from crossdock.store.people import invitations, users
from crossdock.store.people.users import ROLES
from crossdock.wire import stamp


async def shown(visit: AccountPageContext) -> Response:
    """The page; who can't work in the organization goes where it is said why."""
    try:
        require_permission(visit.holder, "members.view")
    except Forbidden:
        return visit.onward(HOME)
    return await _page(visit)


async def changed(visit: AccountPageContext) -> Response:
    """Do what a form says."""
    name = visit.text("do")
    act = ACTS.get(name)
    if act is None:
        raise BadRequest("this form is none of ours")
    organization_id = require_permission(visit.holder, "members.manage")
    try:
        return await act(visit, organization_id)
    except TOLD as error:
        return await _page(visit, visit.fault("invite" if name == "invite" else "members", error))


async def _page(visit: AccountPageContext, fault: FormFault = NO_FAULT, link: str = "") -> Response:
    """The page. link: of an invitation that was just made, shown this once."""
    holder, database = visit.holder, visit.door.database
    organization_id = str(holder.session.organization_id)
    is_owner = may(check_organization(holder), "members.manage")
    members = await users.of_organization(database, organization_id)
    sent = await invitations.of_organization(database, organization_id) if is_owner else []
    return visit.page(
        "account_people.html", fault, link=link, is_owner=is_owner, roles=ROLES,
        members=[_member(membership) for membership in members],
        invitations=[
            {
                "id": invitation.id,
                "email": invitation.email,
                "role": invitation.role,
                "expires_at": stamp(invitation.expires_ms),
            }
            for invitation in sent
            if invitation.is_open(visit.now_ms)
        ],
    )  # fmt: skip


def _member(membership: users.Membership) -> dict[str, Any]:
    user = membership.user
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": membership.role,
        "is_disabled": user.disabled_ms is not None,
        "has_second_factor": user.has_second_factor,
        "by_sign_on": membership.by_sign_on,
        "last_sign_in_at": None if user.last_sign_in_ms is None else stamp(user.last_sign_in_ms),
    }


# What the forms do


async def _invited(visit: AccountPageContext, organization_id: str) -> Response:
    """Show the link of a new invitation, this once."""
    made = await visit.identity.members.invite(
        organization_id, visit.text("email"), check_role(visit.text("role")), visit.holder.session.user_id
    )
    return await _page(visit, link=made.link)


async def _revoked(visit: AccountPageContext, organization_id: str) -> Response:
    await visit.identity.members.revoke(organization_id, visit.text("invitation_id"))
    return visit.onward(PEOPLE, done="revoked")


async def _role_changed(visit: AccountPageContext, organization_id: str) -> Response:
    role = check_role(visit.text("role"))
    await visit.identity.members.change_role(organization_id, visit.text("user_id"), role)
    return visit.onward(PEOPLE, done="role")


async def _removed(visit: AccountPageContext, organization_id: str) -> Response:
    await visit.identity.members.remove(organization_id, visit.text("user_id"))
    return visit.onward(PEOPLE, done="removed")


async def _second_factor_wanted(visit: AccountPageContext, _organization_id: str) -> Response:
    organization_id = require_permission(visit.holder, "organization.manage")
    wanted = visit.text("wanted") == "yes"
    await visit.identity.members.want_second_factor(organization_id, wanted=wanted)
    return visit.onward(PEOPLE, done="wanted")


ACTS = {
    "invite": _invited,
    "revoke": _revoked,
    "role": _role_changed,
    "remove": _removed,
    "second_factor": _second_factor_wanted,
}
"""By `do` of a form."""
