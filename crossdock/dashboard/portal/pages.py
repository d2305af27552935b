"""The page around the portal: empty, until its script has fetched what the token opens."""

from starlette.responses import Response

from crossdock.connections.link.branding import color_fault, lightened, text_color
from crossdock.dashboard.context import frame_values
from crossdock.dashboard.rendering import rendered
from crossdock.pages.rendering import NOBODY, PagePolicy
from crossdock.web.context import HandlerContext

_THEMES = {"true": "dark", "auto": "system", "dark": "dark", "light": "light", "false": "light"}
"""The look, by what `theme` says, or `darkMode` as svix-react sends it."""


async def shell(visit: HandlerContext) -> Response:
    """The page, for a frame of the operator's product or by itself.

    theme, primaryColor: of the query; the latter stands over the organization's own colour.
    """
    query = visit.request.query_params
    wanted = query.get("theme") or query.get("darkMode") or ""
    color = query.get("primaryColor", "").strip().lower()
    color = "" if color_fault(color) else color
    dark = lightened(color) if color else ""
    html = rendered(
        "portal/shell.html", **frame_values(visit.request) | {"theme": _THEMES.get(wanted, "system")},
        title="Webhooks", color=color, color_text=text_color(color) if color else "", color_dark=dark,
        color_dark_text=text_color(dark) if dark else "",
    )  # fmt: skip
    policy = PagePolicy(framed_by=framed_by(visit.door.settings.portal_frames), cache="no-cache")
    return Response(html, 200, policy.headers, media_type="text/html; charset=utf-8")


def framed_by(setting: str) -> str:
    """The sources of `frame-ancestors`: of origins that are separated by commas."""
    origins = [origin.strip() for origin in setting.split(",") if origin.strip() not in ("", "none")]
    return " ".join(origins) or NOBODY
