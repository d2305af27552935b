"""What every page needs: the choice of a theme."""

from starlette.responses import Response

from crossdock.dashboard.context import THEME_COOKIE, THEMES, DashboardContext
from crossdock.errors import Invalid
from crossdock.web import cookies
from crossdock.web.people import local_path

YEAR_SECONDS = 365 * 86_400


async def theme_chosen(visit: DashboardContext) -> Response:
    """Have pages light, dark, or as the system has it; then go back to the page."""
    theme = visit.text("theme")
    if theme not in THEMES:
        raise Invalid({"form": {"theme": [f"is {theme[:20]!r}; wanted is {', '.join(THEMES)}"]}})
    path = local_path(visit.text("return_path"), "/dashboard").removeprefix("/dashboard")
    response = visit.onward(path if path.startswith("/") else "")
    cookies.set_cookie(
        response, visit.door.settings, THEME_COOKIE, theme,
        path=cookies.below(visit.door.settings, "/dashboard"), seconds=YEAR_SECONDS,
    )  # fmt: skip
    return response
