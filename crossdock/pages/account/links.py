"""Pages that a link leads to: the first sign-in, a reset, an invitation.

A link's token stands behind `#`, which no server sees. Scripts take it from there into the form, and put it
behind the form's own address, so that a page that tells what was wrong has it again; no page holds it.
"""

from starlette.responses import Response

from crossdock.pages.account.context import AccountPageContext
from crossdock.pages.account.faults import NO_FAULT, TOLD, FormFault
from crossdock.pages.account.operations import SIGN_IN
from crossdock.pages.account.signing_in import let_in

BEGINNING = "/dashboard#"
"""Where new people begin. The browser takes what is behind `#` along, unless it is sent where something
else is."""


async def first_shown(visit: AccountPageContext) -> Response:
    return visit.page("account_first.html")


async def first_sent(visit: AccountPageContext) -> Response:
    """Sign in by a link, with a new password."""
    try:
        opened = await visit.identity.sign_ins.with_link(
            visit.text("token"), visit.text("password"), visit.visitor, name=visit.text("name")
        )
    except TOLD as error:
        return visit.page("account_first.html", visit.fault("first", error))
    return let_in(visit, opened, BEGINNING)


async def invitation_shown(visit: AccountPageContext) -> Response:
    return _invitation_page(visit)


async def invitation_sent(visit: AccountPageContext) -> Response:
    """Accept an invitation: as who is signed in, or as a new user."""
    holder, members, token = visit.holder_or_none, visit.identity.members, visit.text("token")
    try:
        if holder is not None and holder.session.stage == "open":
            await members.accept_as_user(token, holder)
            return visit.onward(BEGINNING)
        password = visit.text("password")
        user = await members.accept_as_new(token, visit.text("name"), password)
    except TOLD as error:
        return _invitation_page(visit, visit.fault("invitation", error))
    try:
        opened = await visit.identity.sign_ins.with_password(user.email, password, visit.visitor)
    except TOLD:  # tries from this address have to wait: the account is there, and can be signed in to then
        return visit.onward(f"{SIGN_IN}#")
    return let_in(visit, opened, BEGINNING)


def _invitation_page(visit: AccountPageContext, fault: FormFault = NO_FAULT) -> Response:
    holder = visit.holder_or_none
    is_open = holder is not None and holder.session.stage == "open"
    return visit.page("account_invitation.html", fault, email=holder.email if holder and is_open else "")
