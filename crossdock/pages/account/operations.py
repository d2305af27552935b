"""Every page below /account, on one screen. Forms are sent to the page that they stand on.

`needs` is who may see a page: anybody, who is half signed in, or who is signed in. What else an act needs is
checked by what does it.
"""

from dataclasses import dataclass
from typing import Literal

from crossdock.web.operation import HttpOperation

PREFIX = "/account"
HOME, SIGN_IN, SECOND_FACTOR = "/account", "/account/sign-in", "/account/second-factor"
INVITATION, PEOPLE = "/account/invitation", "/account/people"

Needs = Literal["anybody", "half_signed_in", "signed_in"]


@dataclass(frozen=True)
class PageOperation(HttpOperation):
    """A page, or a form of it."""

    needs: Needs


OPERATIONS = (
    PageOperation("GET", "", "own.shown", "account_home", "signed_in"),
    PageOperation("POST", "", "own.changed", "account_home_form", "signed_in"),
    PageOperation("GET", "/people", "members.shown", "account_people", "signed_in"),
    PageOperation("POST", "/people", "members.changed", "account_people_form", "signed_in"),
    PageOperation("GET", "/sign-in", "signing_in.shown", "account_sign_in", "anybody"),
    PageOperation("POST", "/sign-in", "signing_in.sent", "account_sign_in_form", "anybody"),
    PageOperation("GET", "/second-factor", "signing_in.code_shown", "account_code", "half_signed_in"),
    PageOperation("POST", "/second-factor", "signing_in.code_sent", "account_code_form", "half_signed_in"),
    PageOperation("GET", "/first", "links.first_shown", "account_first", "anybody"),
    PageOperation("POST", "/first", "links.first_sent", "account_first_form", "anybody"),
    PageOperation("GET", "/invitation", "links.invitation_shown", "account_invitation", "anybody"),
    PageOperation("POST", "/invitation", "links.invitation_sent", "account_invitation_form", "anybody"),
)
