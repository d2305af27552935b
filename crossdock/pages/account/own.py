"""The page about oneself: organizations, name, password, second factor, sessions; forms say what they do."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from crossdock.errors import BadRequest, Forbidden
from crossdock.pages.account.agents import agent_words
from crossdock.pages.account.context import AccountPageContext
from crossdock.pages.account.faults import NO_FAULT, TOLD, FormFault
from crossdock.pages.account.operations import HOME, INVITATION, SIGN_IN
from crossdock.pages.account.signing_in import begin_url, signed_out
from crossdock.people import profile
from crossdock.people.qr_code import qr_picture
from crossdock.people.sessions import check_organization, require_own_password
from crossdock.store.people import second_factors
from crossdock.store.people.user_sessions import SignedIn
from crossdock.wire import stamp

TEMPLATE = "account_home.html"


async def shown(visit: AccountPageContext) -> Response:
    return await _page(visit)


async def changed(visit: AccountPageContext) -> Response:
    """Do what a form says."""
    name = visit.text("do")
    act = ACTS.get(name)
    if act is None:
        raise BadRequest("this form is none of ours")
    try:
        return await act(visit)
    except TOLD as error:
        return await _page(visit, visit.fault(name, error), is_confirming=name == "confirm")


async def _page(visit: AccountPageContext, fault: FormFault = NO_FAULT, **values: Any) -> Response:
    holder = visit.holder
    identity, database = visit.identity, visit.door.database
    missing, role = _standing(holder)
    shown_values: dict[str, Any] = {
        "missing": missing,
        "role": role,
        "own": holder.session.method != "sign_on",
        "memberships": await identity.sessions.memberships(holder),
        "organization_id": holder.session.organization_id,
        "codes_left": await second_factors.recovery_codes_left(database, holder.session.user_id),
        "sessions": [_session(holder, session) for session in await identity.sessions.open_ones(holder)],
        "sign_on_url": begin_url(visit, str(holder.session.organization_id), HOME),
        "has_demo": visit.has_demo,
        "enrolment": None,
        "is_confirming": False,
        "recovery_codes": [],
    }
    return visit.page(TEMPLATE, fault, **shown_values | values)


def _standing(holder: SignedIn) -> tuple[str, str]:
    """The code of what is missing to work in the organization, and the role in it; each "" for none."""
    try:
        return "", check_organization(holder)
    except Forbidden as error:
        return error.code, ""


def _session(holder: SignedIn, session: Any) -> dict[str, Any]:
    return {
        "id": session.id,
        "is_current": session.id == holder.session.id,
        "method": session.method,
        "address": session.address,
        "agent": agent_words(session.agent),
        "used_at": stamp(session.used_ms),
    }


# What the forms do


async def _renamed(visit: AccountPageContext) -> Response:
    await profile.rename(visit.door.database, visit.holder, visit.text("name"), visit.now_ms)
    return visit.onward(HOME, done="name")


async def _password_changed(visit: AccountPageContext) -> Response:
    require_own_password(visit.holder)
    await visit.identity.sign_ins.change_password(
        visit.holder, visit.text("current_password"), visit.text("password"), visit.visitor
    )
    return visit.onward(HOME, done="password")


async def _switched(visit: AccountPageContext) -> Response:
    await visit.identity.sessions.switch(visit.holder, visit.text("organization_id"))
    return visit.onward(HOME, done="organization")


async def _session_ended(visit: AccountPageContext) -> Response:
    await visit.identity.sessions.end(visit.holder, visit.text("session_id"))
    return visit.onward(HOME, done="session")


async def _others_ended(visit: AccountPageContext) -> Response:
    await visit.identity.sessions.end_others(visit.holder)
    return visit.onward(HOME, done="session")


async def _enrolled(visit: AccountPageContext) -> Response:
    """Show a new secret, this once."""
    require_own_password(visit.holder)
    await visit.identity.sign_ins.require_password(
        visit.holder, visit.text("current_password"), visit.visitor
    )
    begun = await visit.identity.second_factors.begin(visit.holder)
    groups = [begun.secret[start : start + 4] for start in range(0, len(begun.secret), 4)]
    enrolment = {"picture": qr_picture(begun.otpauth_url), "groups": groups, "url": begun.otpauth_url}
    return await _page(visit, enrolment=enrolment, is_confirming=True)


async def _confirmed(visit: AccountPageContext) -> Response:
    """Switch the second factor on, and show recovery codes, this once."""
    require_own_password(visit.holder)
    codes = await visit.identity.second_factors.confirm(visit.holder, visit.text("code"))
    confirmed = replace(visit, holder_or_none=replace(visit.holder, has_second_factor=True))
    return await _page(confirmed, recovery_codes=codes)


async def _codes_renewed(visit: AccountPageContext) -> Response:
    await _require_both(visit)
    codes = await visit.identity.second_factors.renew_recovery_codes(visit.holder)
    return await _page(visit, recovery_codes=codes)


async def _factor_removed(visit: AccountPageContext) -> Response:
    await _require_both(visit)
    await visit.identity.second_factors.remove(visit.holder)
    return visit.onward(HOME, done="factor_removed")


async def _require_both(visit: AccountPageContext) -> None:
    password, code = visit.text("current_password"), visit.text("code")
    await visit.identity.sign_ins.require_both(visit.holder, password, code, visit.visitor)


async def _signed_out(visit: AccountPageContext) -> Response:
    return await signed_out(visit, INVITATION if visit.wanted_path == INVITATION else SIGN_IN)


ACTS: dict[str, Callable[[AccountPageContext], Awaitable[Response]]] = {
    "name": _renamed,
    "password": _password_changed,
    "organization": _switched,
    "session": _session_ended,
    "sessions": _others_ended,
    "enrol": _enrolled,
    "confirm": _confirmed,
    "codes": _codes_renewed,
    "remove_factor": _factor_removed,
    "sign_out": _signed_out,
}
"""By `do` of a form."""
