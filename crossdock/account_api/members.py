"""The members of an organization, and who is invited."""

from typing import Any

from starlette.responses import Response

from crossdock.account_api import bodies
from crossdock.account_api.context import AccountContext
from crossdock.people.members import check_role
from crossdock.store.people import invitations as stored_invitations
from crossdock.store.people import users
from crossdock.store.people.invitations import Invitation
from crossdock.store.people.users import Membership
from crossdock.web.responses import no_content, reply
from crossdock.wire import stamp


async def organization_changed(visit: AccountContext) -> Response:
    body = await visit.body(bodies.OrganizationSettings)
    await visit.identity.members.want_second_factor(visit.organization_id, wanted=body.wants_second_factor)
    return no_content()


async def get_list(visit: AccountContext) -> Response:
    members = await users.of_organization(visit.door.database, visit.organization_id)
    return reply({"data": [_member(membership) for membership in members]})


def _member(membership: Membership) -> dict[str, Any]:
    user = membership.user
    return {
        "user_id": user.id,
        "email": user.email,
        "name": user.name,
        "role": membership.role,
        "is_disabled": user.disabled_ms is not None,
        "has_second_factor": user.has_second_factor,
        "by_sign_on": membership.by_sign_on,
        "joined_at": stamp(membership.created_ms),
        "last_sign_in_at": None if user.last_sign_in_ms is None else stamp(user.last_sign_in_ms),
    }


async def role_changed(visit: AccountContext) -> Response:
    body = await visit.body(bodies.NewRole)
    membership = await visit.identity.members.change_role(
        visit.organization_id, visit.part("user_id"), check_role(body.role)
    )
    return reply(_member(membership))


async def removed(visit: AccountContext) -> Response:
    await visit.identity.members.remove(visit.organization_id, visit.part("user_id"))
    return no_content()


async def invitations(visit: AccountContext) -> Response:
    shown = await stored_invitations.of_organization(visit.door.database, visit.organization_id)
    return reply({"data": [_invitation(invitation, visit.now_ms) for invitation in shown]})


def _invitation(invitation: Invitation, now_ms: int) -> dict[str, Any]:
    return {
        "id": invitation.id,
        "email": invitation.email,
        "role": invitation.role,
        "invited_by": invitation.invited_by,
        "status": _status(invitation, now_ms),
        "created_at": stamp(invitation.created_ms),
        "expires_at": stamp(invitation.expires_ms),
    }


def _status(invitation: Invitation, now_ms: int) -> str:
    if invitation.accepted_ms is not None:
        return "accepted"
    if invitation.revoked_ms is not None:
        return "revoked"
    return "open" if invitation.is_open(now_ms) else "expired"


async def invited(visit: AccountContext) -> Response:
    body = await visit.body(bodies.NewInvitation)
    made = await visit.identity.members.invite(
        visit.organization_id, body.email, check_role(body.role), visit.holder.session.user_id
    )
    return reply(_invitation(made.invitation, visit.now_ms) | {"link": made.link})


async def invitation_revoked(visit: AccountContext) -> Response:
    await visit.identity.members.revoke(visit.organization_id, visit.part("invitation_id"))
    return no_content()
