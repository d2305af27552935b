"""Parts that the pages of the settings share."""

import msgspec
from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.settings.area import TABS
from crossdock.errors import Invalid


class Tab(msgspec.Struct):
    """A page of the settings that the role may see."""

    title: str
    path: str
    is_current: bool


def settings_view(
    visit: DashboardContext, template: str, page: msgspec.Struct, *, path: str, title: str
) -> Response:
    """A page of the settings, behind its tabs. path: of the tab that it belongs to."""
    tabs = [Tab(name, where, where == path) for name, where, permission in TABS if visit.may(permission)]
    return visit.view(f"settings/{template}", page, title=title, tabs=tabs)


def lines(text: str) -> list[str]:
    """The values of a field for several: one on a line, or separated by commas."""
    return [part.strip() for part in text.replace(",", "\n").splitlines() if part.strip()]


def whole_number(name: str, text: str) -> int | None:
    """The number in a field; None: it is empty. Raises Invalid."""
    if not text.strip():
        return None
    if not text.strip().isascii() or not text.strip().isdigit() or len(text.strip()) > 9:
        raise Invalid({"form": {name: [f"is {text[:40]!r}; wanted is a whole number"]}})
    return int(text)
