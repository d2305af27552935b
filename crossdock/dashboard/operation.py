"""The words that the dashboard's table of pages is written in."""

from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.web.context import LARGEST_BODY
from crossdock.web.operation import HttpOperation

MOST_FIELDS = 200


@dataclass(frozen=True)
class DashboardOperation(HttpOperation):
    """A page, or a form that is sent to one.

    permission: of `people.permissions`, to see or do it; acts: what the field `do` of the form may say; none:
    the form has no such field; takes_file: whether the form may be sent with a file; most_bytes, most_fields:
    of the form.
    """

    permission: str
    acts: tuple[str, ...] = ()
    most_bytes: int = LARGEST_BODY
    most_fields: int = MOST_FIELDS
    takes_file: bool = False


@dataclass(frozen=True)
class Area:
    """A part of the dashboard: an entry of the navigation, and the pages below it.

    icon: of `templates/icons.html`; path: of its first page, below the dashboard's prefix.
    """

    title: str
    path: str
    icon: str
    permission: str
    operations: Sequence[DashboardOperation]
