"""Coming in and going out: password, link, second factor, invitation."""

from starlette.responses import Response

from crossdock.account_api import bodies
from crossdock.account_api.context import AccountContext
from crossdock.errors import Invalid
from crossdock.people.refusals import signed_in_already
from crossdock.store.connections import access
from crossdock.web.people import take_back
from crossdock.web.responses import no_content, reply
from crossdock.wire import stamp


async def with_password(visit: AccountContext) -> Response:
    body = await visit.body(bodies.PasswordSignIn)
    opened = await visit.identity.sign_ins.with_password(body.email, body.password, visit.visitor)
    return visit.signed_in(opened)


async def with_link(visit: AccountContext) -> Response:
    body = await visit.body(bodies.LinkSignIn)
    sign_ins = visit.identity.sign_ins
    return visit.signed_in(await sign_ins.with_link(body.token, body.password, visit.visitor, name=body.name))


async def link(visit: AccountContext) -> Response:
    """Show whom a link signs in; it stays as it is."""
    body = await visit.body(bodies.OneTimeToken)
    user = await visit.identity.sign_ins.link_user(body.token)
    return reply({"email": user.email, "name": user.name})


async def with_code(visit: AccountContext) -> Response:
    body = await visit.body(bodies.ShownCode)
    if visit.holder.session.stage == "open":
        raise signed_in_already()
    return visit.signed_in(await visit.identity.sign_ins.with_code(visit.holder, body.code, visit.visitor))


async def ended(visit: AccountContext) -> Response:
    await visit.identity.sign_ins.sign_out(visit.holder)
    response = no_content()
    take_back(response, visit.door)
    return response


async def invitation(visit: AccountContext) -> Response:
    """Show where a link leads to."""
    body = await visit.body(bodies.InvitationLink)
    shown = await visit.identity.members.invitation(body.token)
    organization = await access.organization(visit.door.database, shown.organization_id)
    return reply(
        {
            "organization_name": "" if organization is None else organization.name,
            "email": shown.email,
            "role": shown.role,
            "expires_at": stamp(shown.expires_ms),
        }
    )


async def invitation_accepted(visit: AccountContext) -> Response:
    """Make who is signed in a member; else make a user, and sign them in."""
    body, identity = await visit.body(bodies.Acceptance), visit.identity
    if visit.holder_or_none is not None:
        accepted = await identity.members.accept_as_user(body.token, visit.holder_or_none)
        return reply({"status": "accepted", "organization_id": accepted.organization_id})
    if body.password is None:
        raise Invalid({"json": {"password": ["is missing: sign in first, or set one for a new account"]}})
    user = await identity.members.accept_as_new(body.token, body.name, body.password)
    return visit.signed_in(await identity.sign_ins.with_password(user.email, body.password, visit.visitor))
