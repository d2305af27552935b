"""What is a user's own: name, password, sessions, second factor, and which organization they work with."""

from typing import Any

from starlette.responses import Response

from crossdock.account_api import bodies
from crossdock.account_api.context import AccountContext
from crossdock.errors import Forbidden
from crossdock.people.permissions import PERMISSIONS
from crossdock.people.profile import rename
from crossdock.people.sessions import check_organization, require_own_password
from crossdock.store.people import second_factors
from crossdock.store.people.user_sessions import SignedIn, UserSession
from crossdock.web.responses import no_content, reply
from crossdock.wire import stamp


async def me(visit: AccountContext) -> Response:
    holder = visit.holder
    left = await second_factors.recovery_codes_left(visit.door.database, holder.session.user_id)
    return reply(
        {
            "user": {
                "id": holder.session.user_id,
                "email": holder.email,
                "name": holder.name,
                "has_second_factor": holder.has_second_factor,
                "recovery_codes_left": left,
            },
            "session": _session(holder, holder.session),
            "organization": _organization(holder),
            "csrf_token": visit.csrf_token,
        }
    )


def _organization(holder: SignedIn) -> dict[str, Any] | None:
    """The organization that is worked with, and what one may do there; or what is missing for it."""
    if holder.role is None:
        return None
    shown: dict[str, Any] = {
        "id": holder.session.organization_id,
        "name": holder.organization_name,
        "role": holder.role,
        "wants_second_factor": holder.wants_second_factor,
        "permissions": [],
        "missing": None,
    }
    try:
        role = check_organization(holder)
    except Forbidden as problem:
        return shown | {"missing": problem.code}
    return shown | {"permissions": sorted(name for name, roles in PERMISSIONS.items() if role in roles)}


async def renamed(visit: AccountContext) -> Response:
    body = await visit.body(bodies.NewName)
    await rename(visit.door.database, visit.holder, body.name, visit.now_ms)
    return no_content()


async def password_changed(visit: AccountContext) -> Response:
    body = await visit.body(bodies.NewPassword)
    require_own_password(visit.holder)
    await visit.identity.sign_ins.change_password(
        visit.holder, body.current_password, body.new_password, visit.visitor
    )
    return no_content()


async def sessions(visit: AccountContext) -> Response:
    shown = await visit.identity.sessions.open_ones(visit.holder)
    return reply({"data": [_session(visit.holder, session) for session in shown]})


def _session(holder: SignedIn, session: UserSession) -> dict[str, Any]:
    return {
        "id": session.id,
        "is_current": session.id == holder.session.id,
        "method": session.method,
        "address": session.address,
        "user_agent": session.agent,
        "created_at": stamp(session.created_ms),
        "last_used_at": stamp(session.used_ms),
        "expires_at": stamp(session.expires_ms),
    }


async def session_ended(visit: AccountContext) -> Response:
    await visit.identity.sessions.end(visit.holder, visit.part("session_id"))
    return no_content()


async def others_ended(visit: AccountContext) -> Response:
    return reply({"ended": await visit.identity.sessions.end_others(visit.holder)})


# The second factor


async def totp_begun(visit: AccountContext) -> Response:
    body = await visit.body(bodies.ShownPassword)
    require_own_password(visit.holder)
    await visit.identity.sign_ins.require_password(visit.holder, body.password, visit.visitor)
    enrolment = await visit.identity.second_factors.begin(visit.holder)
    return reply({"secret": enrolment.secret, "otpauth_url": enrolment.otpauth_url})


async def totp_confirmed(visit: AccountContext) -> Response:
    body = await visit.body(bodies.ShownCode)
    require_own_password(visit.holder)
    codes = await visit.identity.second_factors.confirm(visit.holder, body.code)
    return reply({"recovery_codes": codes})


async def recovery_codes_renewed(visit: AccountContext) -> Response:
    body = await visit.body(bodies.PasswordAndCode)
    await visit.identity.sign_ins.require_both(visit.holder, body.password, body.code, visit.visitor)
    return reply({"recovery_codes": await visit.identity.second_factors.renew_recovery_codes(visit.holder)})


async def totp_removed(visit: AccountContext) -> Response:
    body = await visit.body(bodies.PasswordAndCode)
    await visit.identity.sign_ins.require_both(visit.holder, body.password, body.code, visit.visitor)
    await visit.identity.second_factors.remove(visit.holder)
    return no_content()


# Organizations


async def organizations(visit: AccountContext) -> Response:
    memberships = await visit.identity.sessions.memberships(visit.holder)
    current_id = visit.holder.session.organization_id
    shown = [
        {
            "id": membership.organization_id,
            "name": membership.organization_name,
            "role": membership.role,
            "is_current": membership.organization_id == current_id,
        }
        for membership in memberships
    ]
    return reply({"data": shown})


async def switched(visit: AccountContext) -> Response:
    await visit.identity.sessions.switch(visit.holder, visit.part("organization_id"))
    return no_content()
