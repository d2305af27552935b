"""What a handler is given: the request, what it depends on, and its body, checked. APIs add their callers."""

from dataclasses import dataclass
from typing import ClassVar, TypeVar

from starlette.requests import Request

from crossdock.errors import TooLarge
from crossdock.web import bodies
from crossdock.web.dependencies import Dependencies
from crossdock.writes.aside import UploadSize, aside

Body = TypeVar("Body")

LARGEST_BODY = 65_536
"""In bytes, of what is no write: more than the longest note has, however it is escaped."""


@dataclass(frozen=True)
class HandlerContext:
    """One request that was let in."""

    door: Dependencies
    request: Request

    largest_body: ClassVar[int] = LARGEST_BODY

    @property
    def now_ms(self) -> int:
        return self.door.clock()

    async def body(self, kind: type[Body], *, required: bool = True) -> Body:
        """The body, checked; beside the event loop where it is large. Raises BadRequest, Invalid, TooLarge.

        One that is not required may also be null: both are read as `{}`.
        """
        raw = await self.request.body()
        if len(raw) > self.largest_body:
            raise TooLarge(
                f"the body has more than {self.largest_body} bytes, which is all that is read here"
            )
        if not required and raw.strip() in (b"", b"null"):
            raw = b"{}"
        return await aside(UploadSize(len(raw)), self.read_body, raw, kind)

    def read_body(self, raw: bytes, kind: type[Body]) -> Body:
        """The struct that an operation declares, of what was sent."""
        return bodies.read(raw, kind)
