"""What a handler of a page below /account is given: who is there, what a form has sent, in which language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from crossdock.errors import CrossdockError
from crossdock.pages.account.faults import NO_FAULT, POLICY, FormFault, form_fault
from crossdock.pages.account.language import Translate
from crossdock.pages.account.texts import TEXTS
from crossdock.pages.rendering import page, root_of
from crossdock.people.identity import IdentityServices
from crossdock.people.refusals import not_signed_in
from crossdock.people.sessions import Visitor
from crossdock.store.people.user_sessions import SignedIn
from crossdock.web import cookies
from crossdock.web.context import HandlerContext

FORM_COOKIE = "crossdock_form"
"""Ties a form to the browser of somebody who is not signed in yet."""
FORM_SECONDS = 12 * 3600


@dataclass(frozen=True)
class AccountPageContext(HandlerContext):
    """One request that was let in. fields: of the form; empty: none was sent."""

    holder_or_none: SignedIn | None
    visitor: Visitor
    fields: Mapping[str, str]
    language: str
    translate: Translate
    csrf_token: str
    new_form_key: str
    """A cookie that the browser is to be given; empty: none."""
    has_demo: bool

    @property
    def holder(self) -> SignedIn:
        if self.holder_or_none is None:
            raise not_signed_in()
        return self.holder_or_none

    @property
    def identity(self) -> IdentityServices:
        return self.door.identity

    def text(self, name: str) -> str:
        """A field of the form; "": it has none."""
        return self.fields.get(name, "")

    @property
    def wanted_path(self) -> str:
        """The page that somebody is on the way to, by the form or the address; not checked."""
        return self.text("return_path") or self.request.query_params.get("return_path", "")

    def fault(self, form: str, error: CrossdockError) -> FormFault:
        return form_fault(form, error, self.translate)

    def page(self, template: str, fault: FormFault = NO_FAULT, status: int = 200, **values: Any) -> Response:
        """The page. values: what the template has besides what all have."""
        shown = {
            "t": self.translate, "language": self.language, "csrf_token": self.csrf_token, "fault": fault,
            "person": self.holder_or_none, "sent": self.text, "path": self.request.scope["path"],
            "done": self._done(),
        }  # fmt: skip
        is_fault = bool(fault.text or fault.fields)
        response = page(self.request, template, POLICY, 422 if is_fault else status, **shown | values)
        if self.new_form_key:
            path = cookies.below(self.door.settings, "/account")
            cookies.set_cookie(
                response, self.door.settings, FORM_COOKIE, self.new_form_key, path=path, seconds=FORM_SECONDS
            )
        return response

    def _done(self) -> str:
        """The sentence about what the last form did."""
        key = f"done.{self.request.query_params.get('done', '')}"
        return self.translate(key) if key in TEXTS else ""

    def onward(self, path: str, **query: str) -> RedirectResponse:
        """The way to another page of this server, by whatever name it was reached."""
        sent = urlencode({name: value for name, value in query.items() if value})
        url = f"{root_of(self.request)}{path.lstrip('/')}{'?' if sent else ''}{sent}"
        return RedirectResponse(url, 303)
