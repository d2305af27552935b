"""ShipBob's lists: how each is cut into pages, and walks through several of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from yarl import URL

from crossdock.errors import VendorNonsense
from crossdock.kit import paging
from crossdock.kit.contract import Json, Page, Raw, Walk
from crossdock.kit.http import Response
from crossdock.kit.responses import member
from crossdock.kit.rest import RestClient

PAGE_SIZE = 250
"""Of products it is the most that there is (description of 2026-01, "1-250")."""
OVERLAP = timedelta(minutes=5)
"""How much earlier a walk begins than the one before: what changed may be late in ShipBob's lists."""


class Listing(Protocol):
    """A list, as it is asked for."""

    async def page(self, client: RestClient, position: Json) -> tuple[list[Raw], Json, Response]:
        """The records at a position, None at first; the next position, if any; and the answer."""
        ...


@dataclass(frozen=True)
class Numbered:
    """A list by numbers of pages. How many there are is in a header."""

    path: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def asked(self, params: Mapping[str, Any]) -> "Numbered":
        """The same list by these filters besides."""
        return replace(self, params={**self.params, **params})

    async def page(self, client: RestClient, position: Json) -> tuple[list[Raw], Json, Response]:
        number = position or 1
        params = {**self.params, "Page": number, "Limit": PAGE_SIZE}
        answer = await client.send("GET", self.path, params=params)
        records = member({"list": answer.json()}, "list", list)
        total = answer.headers.get("Total-Pages", "").strip()
        # Where no header says it, only an empty page is the last: a short one proves nothing.
        has_more = number < int(total) if total.isdigit() else bool(records)
        return records, number + 1 if has_more else None, answer


@dataclass(frozen=True)
class Linked:
    """A list whose answers link to the next page.

    Of the link only the query is taken. What stands before it is sometimes a whole address and sometimes a
    path, with the version or without; and credentials go to no other host.
    """

    path: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def asked(self, params: Mapping[str, Any]) -> "Linked":
        """The same list by these filters besides."""
        return replace(self, params={**self.params, **params})

    async def page(self, client: RestClient, position: Json) -> tuple[list[Raw], Json, Response]:
        answer = await client.send("GET", self.path, params=merged(self.params, position or {}))
        records, following = self.split(answer.json())
        return records, following, answer

    @staticmethod
    def split(answer: Json) -> tuple[list[Raw], dict[str, str] | None]:
        """The records of an answer, and the parameters of the next page."""
        records, link = member(answer, "items", list), answer.get("next")
        if not link:
            return records, None
        try:
            params = dict(URL(str(link)).query)
        except ValueError:
            params = {}
        if not params:
            raise VendorNonsense(f"the link to the next page says nothing: {str(link)[:80]!r}")
        return records, params


def merged(params: Mapping[str, Any], following: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of the next page. The link has its own spelling of ours: "pageSize" for "PageSize"."""
    names = {name.casefold() for name in following}
    return {**{name: value for name, value in params.items() if name.casefold() not in names}, **following}


def staged(
    client: RestClient,
    walk: Walk,
    lists: Sequence[Listing],
    *,
    is_marked: bool = True,
    key: str = "id",
) -> AsyncIterator[Page]:
    """A walk through one list after the other; what an earlier one had, a later one is not asked for again.

    is_marked: whether the next walk begins where this one began, by ShipBob's clock.
    """
    moments: list[str] = []
    earlier: set[Any] = set()

    async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
        stage, position = cursor or (0, None)
        records, following, answer = await lists[stage].page(client, position)
        moments.append((answer.moment(client.http.clock()) - OVERLAP).isoformat())
        fresh = [record for record in records if stage == 0 or _identity(record, key) not in earlier]
        if stage + 1 < len(lists):
            earlier.update(_identity(record, key) for record in records)
        if following is not None:
            return fresh, [stage, following]
        return fresh, [stage + 1, None] if stage + 1 < len(lists) else None

    def mark(_: list[Raw], so_far: Json) -> Json:
        return so_far or moments[0]

    return paging.by_cursor(walk, fetch, mark=mark if is_marked else None, key=key)


async def all_of(client: RestClient, listing: Linked) -> list[Raw]:
    """All records of a list that is short."""
    pages = staged(client, Walk(), [listing], is_marked=False)
    return [record async for page in pages for record in page.records]


def _identity(record: Any, key: str) -> Any:
    return record.get(key) if isinstance(record, dict) else None


def date_of(text: Any) -> datetime | None:
    """The moment that a date of a record names, without a zone in UTC; None where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def since_of(walk: Walk) -> str | None:
    """The moment from which a walk is for changes; None: for everything."""
    since: str | None = walk.mark
    return since or (walk.start.isoformat() if walk.start else None)
