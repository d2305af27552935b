"""What handlers of the portal have: which guest is there, what a form has sent, and how to answer.

The same handlers as the dashboard's; what a guest sees and may do is what the token's capabilities say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.responses import RedirectResponse, Response

from crossdock.connections.link.branding import ShownBranding
from crossdock.dashboard import rendering
from crossdock.dashboard.context import frame_values, wants_json
from crossdock.dashboard.inside_webhooks import InsideWebhooks
from crossdock.dashboard.notices import notice
from crossdock.pages.rendering import root_of
from crossdock.web.context import HandlerContext
from crossdock.wire import encode


@dataclass(frozen=True)
class PortalContext(HandlerContext):
    """One request of a guest. fields: of the form; empty: none was sent."""

    organization_id: str
    hooks: InsideWebhooks
    fields: Mapping[str, str]
    branding: ShownBranding
    logo: str
    """The organization's, from the root of the server; "": there is none."""

    def text(self, name: str) -> str:
        """A field of the form; "": it has none."""
        return self.fields.get(name, "")

    def query(self, *names: str) -> dict[str, str]:
        """The parameters of the address with these names, without empty ones."""
        sent = self.request.query_params
        return {name: sent[name].strip() for name in names if sent.get(name, "").strip()}

    def part(self, name: str) -> str:
        """A variable part of the path."""
        return str(self.request.path_params[name])

    def view(self, template: str, contents: msgspec.Struct, *, title: str, status: int = 200) -> Response:
        """The part of the page that the portal's script shows, or what stands on it as JSON."""
        if wants_json(self.request):
            return Response(encode(contents), status, rendering.POLICY.headers, media_type="application/json")
        html = rendering.rendered(template, **self._frame(title), page=contents)
        return Response(html, status, rendering.POLICY.headers, media_type="text/html; charset=utf-8")

    def _frame(self, title: str) -> dict[str, Any]:
        """The values that all pages show. A form needs no token: what sends it shows the guest's own."""
        return frame_values(self.request) | {
            "title": title, "csrf_token": "", "branding": self.branding, "logo": self.logo,
            "can": self.hooks.may,
            "frame": "portal/frame.html", "place": "portal",
            "notice": notice(self.request.query_params.get("done", "")),
        }  # fmt: skip

    def onward(self, path: str, **query: str) -> Response:
        """The way to another page of the portal. path: below its prefix."""
        sent = urlencode({name: value for name, value in query.items() if value})
        return RedirectResponse(f"{root_of(self.request)}portal{path}{'?' if sent else ''}{sent}", 303)
