"""Lists of WooCommerce, page by page, so that none is passed over while records change."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.errors import VendorNonsense
from crossdock.kit.contract import Json, Raw
from crossdock.kit.responses import Response, member
from crossdock.kit.rest import RestClient

PAGE_SIZE = 100
"""The most that there is (class-wc-rest-posts-controller.php, `per_page`)."""
OVERLAP = timedelta(minutes=2)
"""How far a walk begins before the one before: what changes may be late in the list."""


class ListedById:
    """A list in the order of ids, each page beginning with the record that the page before ended with.

    Where it begins with a later one some before it have left the list, and it is looked for further up; what
    entered the list before it is younger than the walk, and for the next one.
    """

    def __init__(
        self,
        client: RestClient,
        path: str,
        params: Mapping[str, Any] | None = None,
        at_most: int | None = None,
    ) -> None:
        self._client, self._path = client, path
        self._size = min(PAGE_SIZE, max(2, at_most or PAGE_SIZE))
        self._params = {"orderby": "id", "order": "asc", "per_page": self._size, **(params or {})}
        self._previous: list[Raw] = []
        self.began: str | None = None
        """When the first page was sent, by the vendor's clock; a little before."""

    async def fetch(self, cursor: Json) -> tuple[list[Raw], Json]:
        """The records after a cursor, [offset, last id], and the next cursor."""
        offset, last = cursor or (0, 0)
        offset, rows, total = await self._overlapping(offset, last)
        if rows and rows == self._previous:
            raise VendorNonsense(f"{self._path} sent the page before once more")
        self._previous = rows
        fresh = [row for row in rows if _id(row) > last]
        if not rows or offset + len(rows) >= total:
            return fresh, None
        return fresh, [offset + max(len(rows) - 1, 1), max([last, *map(_id, fresh)])]

    async def _overlapping(self, offset: int, last: int) -> tuple[int, list[Raw], int]:
        """The rows from this offset on, or from further up, where the last id or one before it is."""
        rows, total = await self._rows(offset)
        while offset and (not rows or _id(rows[0]) > last):
            offset = max(0, offset - self._size)
            rows, total = await self._rows(offset)
        return offset, rows, total

    async def _rows(self, offset: int) -> tuple[list[Raw], int]:
        """The records from an offset on, and how many the list has."""
        params = {**self._params, "offset": offset or None}
        answer = await self._client.send("GET", self._path, params=params)
        rows = member({"list": answer.json()}, "list", list)
        self.began = self.began or utc(answer.moment(self._client.http.clock()) - OVERLAP)
        return rows, _total(answer)


def _id(row: Any) -> int:
    number = row.get("id") if isinstance(row, dict) else None
    if not isinstance(number, int) or number <= 0:
        raise VendorNonsense("wanted records with a number above zero as their id")
    return number


def _total(answer: Response) -> int:
    """The number of records that the list has; the vendor always says it (docs, "Pagination")."""
    text = answer.headers.get("X-WP-Total", "")
    if not (text.isascii() and text.isdecimal()):
        raise VendorNonsense(f"wanted a number in the header X-WP-Total, got {text[:50]!r}")
    return int(text[:20])


def utc(moment: datetime) -> str:
    """A moment as filters take it, in UTC and without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
