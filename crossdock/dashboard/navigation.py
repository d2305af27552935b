"""Pure: who is signed in, and where → the navigation."""

from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.dashboard.operation import Area
from crossdock.people.permissions import may
from crossdock.store.people.users import Role


@dataclass(frozen=True)
class NavigationEntry:
    """A link of the navigation. href: from the root of the server, without a slash in front."""

    title: str
    href: str
    icon: str
    is_current: bool


def navigation(areas: Sequence[Area], prefix: str, role: Role, path: str) -> list[NavigationEntry]:
    """The areas that a role may see. path: of the page, below the dashboard's prefix."""
    seen = [area for area in areas if may(role, area.permission)]
    fitting = [area for area in seen if path == area.path or path.startswith(f"{area.path}/")]
    current = max(fitting, key=lambda area: len(area.path), default=None)
    return [
        NavigationEntry(area.title, f"{prefix}{area.path}".lstrip("/"), area.icon, area is current)
        for area in seen
    ]
