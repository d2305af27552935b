"""What handlers of the dashboard have: who is there, what a form has sent, the API, and how to answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from crossdock.dashboard import rendering
from crossdock.dashboard.inside import InsideCalls
from crossdock.dashboard.inside_account import InsideAccount
from crossdock.dashboard.inside_webhooks import InsideWebhooks
from crossdock.dashboard.navigation import NavigationEntry
from crossdock.dashboard.notices import notice
from crossdock.errors import Invalid, TooLarge
from crossdock.pages.rendering import PagePolicy, root_of
from crossdock.people.permissions import may
from crossdock.store.people.user_sessions import SignedIn
from crossdock.store.people.users import Role
from crossdock.web.context import HandlerContext
from crossdock.wire import encode

THEME_COOKIE = "crossdock_theme"
Theme = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = ("system", "light", "dark")


@dataclass(frozen=True)
class DashboardContext(HandlerContext):
    """One request that was let in. fields, files: of the form, these until it is
    answered; empty: none was sent.
    """

    holder: SignedIn
    role: Role
    organization_id: str
    inside: InsideCalls
    account: InsideAccount
    hooks: InsideWebhooks
    fields: Mapping[str, str]
    files: Mapping[str, UploadFile]
    csrf_token: str
    navigation: list[NavigationEntry]

    def may(self, permission: str) -> bool:
        return may(self.role, permission)

    def text(self, name: str) -> str:
        """A field of the form; "": it has none."""
        return self.fields.get(name, "")

    async def file(self, name: str, most_bytes: int) -> bytes:
        """The content of a file of the form. Raises Invalid where there is none, TooLarge."""
        sent = self.files.get(name)
        content = b"" if sent is None else await sent.read(most_bytes + 1)
        if not content:
            raise Invalid({"form": {name: ["has no file; choose one first"]}})
        if len(content) > most_bytes:
            raise TooLarge(f"the file has more than {most_bytes:,} bytes, which is all that is taken here")
        return content

    def query(self, *names: str) -> dict[str, str]:
        """The parameters of the address with these names, without empty ones."""
        sent = self.request.query_params
        return {name: sent[name].strip() for name in names if sent.get(name, "").strip()}

    def part(self, name: str) -> str:
        """A variable part of the path."""
        return str(self.request.path_params[name])

    def view(
        self,
        template: str,
        contents: msgspec.Struct,
        *,
        title: str,
        status: int = 200,
        policy: PagePolicy = rendering.POLICY,
        **values: Any,
    ) -> Response:
        """The page, or what stands on it as JSON, for `?format=json` and for who accepts JSON only.

        contents: what the page is about; the template has it as `page`, and these values besides.
        """
        if wants_json(self.request):
            return Response(encode(contents), status, policy.headers, media_type="application/json")
        html = rendering.rendered(template, **self._frame(title), **values, page=contents)
        return Response(html, status, policy.headers, media_type="text/html; charset=utf-8")

    def _frame(self, title: str) -> dict[str, Any]:
        """The values that all pages show."""
        return frame_values(self.request) | {
            "title": title, "navigation": self.navigation, "csrf_token": self.csrf_token,
            "email": self.holder.email, "role": self.role, "organization": self.holder.organization_name,
            "organization_id": self.organization_id,
            "may": self.may, "notice": notice(self.request.query_params.get("done", "")),
            "can": self.hooks.may, "frame": "frame.html", "place": "dashboard",
        }  # fmt: skip

    def onward(self, path: str, **query: str) -> Response:
        """The way to another page of the dashboard. path: below its prefix."""
        sent = urlencode({name: value for name, value in query.items() if value})
        return RedirectResponse(f"{root_of(self.request)}dashboard{path}{'?' if sent else ''}{sent}", 303)


def wants_json(request: Request) -> bool:
    """Check whether a program asks, not a browser."""
    accepted = request.headers.get("accept", "")
    return request.query_params.get("format") == "json" or accepted.split(",")[0].strip() == (
        "application/json"
    )


def frame_values(request: Request) -> dict[str, Any]:
    """The values that pages need of their request: where things are, and the chosen theme."""
    root = root_of(request)
    theme = request.cookies.get(THEME_COOKIE, "")
    return {
        "root": root, "static": f"{root}dashboard/static/{rendering.DASHBOARD_FILES.edition}",
        "theme": theme if theme in THEMES else "system", "path": request.scope["path"],
        "themes": THEMES,
    }  # fmt: skip
