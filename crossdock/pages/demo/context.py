"""What a handler of the page that the button is tried out on is given."""

from dataclasses import dataclass

from crossdock.web.context import HandlerContext


@dataclass(frozen=True)
class DemoContext(HandlerContext):
    """A request of that page."""

    organization_id: str
    """The organization that systems are connected to."""
