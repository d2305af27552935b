"""The words that the dashboard's table of pages is written in."""

from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.web.context import LARGEST_BODY
from crossdock.web.operation import HttpOperation


@dataclass(frozen=True)
class DashboardOperation(HttpOperation):
    """A page, or a form that is sent to one.

    permission: of `people.permissions`, to see or do it; acts: what the field `do` of the form may say; none:
    the form has no such field; takes_file: whether the form may be sent with a file; is_file_large: whether
    that may be as large as the settings allow, not only as large as any body; largest_form: in bytes,
    without a file.
    """

    permission: str
    acts: tuple[str, ...] = ()
    takes_file: bool = False
    is_file_large: bool = False
    largest_form: int = LARGEST_BODY


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
