"""Everything of a kind in one file: a bulk operation of Shopify.

    run ─▶ wait … ─▶ completed: a signed address ─▶ part by part ─▶ records
     └─ another one runs: wait, and try again

The file has one JSON object a line: a variant, then its levels of stock, each with the id of its parent. It
is fetched in parts, and the cursor is the position of the next variant in it: nothing is fetched twice.
Source: shopify.dev, "Perform bulk operations with the GraphQL Admin API".
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorNonsense,
    VendorRefused,
    VendorUnavailable,
)
from crossdock.integrations.shopify.api import ShopApi
from crossdock.kit.contract import RECORD_ID, Page, Raw, Walk
from crossdock.kit.http import Http
from crossdock.wire import decoder

PART_BYTES = 4 * 2**20
FIRST_WAIT_SECONDS, WAIT_SECONDS, BUSY_SECONDS = 5, 20, 60
RUNNING = ("CREATED", "RUNNING", "CANCELING")
BUSY_CODES = ("OPERATION_IN_PROGRESS", "LIMIT_REACHED")
MOST_FAILURES = 3
"""After so many operations that failed the sync does; until then another one is run."""
PARENT = "__parentId"
PRODUCT = "product-"
"""How the ids of products begin, so that none is that of a variant: Shopify counts both by numbers."""


class _FileLost(Exception):
    """An operation has no file, or none any more: another one may have."""


@dataclass(frozen=True)
class BulkExport:
    """An export of all variants with their products and stock."""

    api: ShopApi
    unsigned: Http
    """For the file: its address is signed by itself, and lies on another host."""
    query: str

    async def pages(self, walk: Walk) -> AsyncIterator[Page]:
        """The pages of a walk. Its cursor has the operation, and the position in its file."""
        cursor = walk.cursor or {}
        if "operation" not in cursor:
            operation = await self._run()
            if operation is None:
                yield Page([], {"failures": cursor.get("failures", 0)}, wait_seconds=BUSY_SECONDS)
                return
            cursor = {"operation": operation, "at": 0, "failures": cursor.get("failures", 0)}
            yield Page([], cursor, wait_seconds=FIRST_WAIT_SECONDS)
            return
        state = await self._state(cursor["operation"])
        if state["status"] in RUNNING:
            yield Page([], cursor, wait_seconds=WAIT_SECONDS)
            return
        try:
            async for page in self._records(state, cursor):
                yield page
        except _FileLost as failure:
            failures = cursor.get("failures", 0) + 1
            if state["errorCode"] == "ACCESS_DENIED" or failures == MOST_FAILURES:
                raise _failure(state) from failure
            yield Page([], {"failures": failures}, wait_seconds=BUSY_SECONDS)

    async def _run(self) -> str | None:
        """The id of a new operation; None: as many as there may be run already."""
        data = await self.api.change("bulk_run", checked=False, query=self.query)
        payload = data["bulkOperationRunQuery"]
        errors = payload["userErrors"]
        if errors and errors[0].get("code") in BUSY_CODES:
            return None
        if errors or payload["bulkOperation"] is None:
            raise VendorRefused(errors[0]["message"] if errors else "Shopify began no bulk operation")
        return str(payload["bulkOperation"]["id"])

    async def _state(self, operation: str) -> Raw:
        """The operation as it is now."""
        state: Raw | None = (await self.api.ask("bulk_state", id=operation))["bulkOperation"]
        return state or {"status": "FORGOTTEN", "errorCode": None}

    async def _records(self, state: Raw, cursor: Raw) -> AsyncIterator[Page]:
        """The pages of a file. Raises _FileLost where there is none, or none any more."""
        at = int(cursor["at"])
        if state["status"] != "COMPLETED":
            raise _FileLost
        if state["url"] is None:
            if state["objectCount"] != "0":  # it was kept for a week
                raise _FileLost
            yield Page([])
            return
        while True:
            content, is_end = await self._part(state["url"], at)
            records, used = records_of(content, is_end=is_end)
            at += used
            if is_end:
                yield Page(records, key=RECORD_ID, is_prepared=True)
                return
            if not used:
                raise VendorNonsense(f"a variant of the export has more than {PART_BYTES:,} bytes")
            yield Page(records, {**cursor, "at": at}, key=RECORD_ID, is_prepared=True)

    async def _part(self, url: str, at: int) -> tuple[bytes, bool]:
        """Bytes of the file from a position on, and whether the file ends with them."""
        last = at + PART_BYTES - 1
        try:
            answer = await self.unsigned.send("GET", url, headers={"Range": f"bytes={at}-{last}"})
        except (InvalidCredentials, MissingPermission, VendorRefused) as failure:
            raise _FileLost from failure  # its address is good for a while only
        if answer.status != 206:  # the whole file came
            return answer.body[at:], True
        total = answer.headers.get("Content-Range", "").rpartition("/")[2]
        if not total.isdecimal():
            raise VendorNonsense("the part of an export does not say of how many bytes it is one")
        return answer.body, at + len(answer.body) >= int(total)


def _failure(state: Raw) -> VendorError:
    """The error that an operation is which did not complete."""
    kind = MissingPermission if state["errorCode"] == "ACCESS_DENIED" else VendorUnavailable
    return kind(f"the bulk operation ended as {state['status']} ({state['errorCode'] or 'without its file'})")


def named(record: Raw) -> Raw:
    """A product or variant with its id, and with its stock in the order of the locations."""
    number = record["legacyResourceId"]
    if "inventoryItem" not in record:
        return {**record, RECORD_ID: f"{PRODUCT}{number}"}
    levels = record["inventoryItem"]["inventoryLevels"]
    levels.sort(key=lambda level: int(level["location"]["legacyResourceId"]))
    return {**record, RECORD_ID: number}


def records_of(content: bytes, *, is_end: bool) -> tuple[list[Raw], int]:
    """The products and variants in a part of the file, and the bytes that were used up.

    Of a part that is not the last one, the last variant is left for the next: its stock may go on there.
    """
    end = len(content) if is_end else content.rfind(b"\n") + 1
    variants: list[Raw] = []
    begins: list[int] = []
    at = 0
    for line in content[:end].splitlines(keepends=True):
        if line.strip():
            _add(decoder.decode(line), at, variants, begins)
        at += len(line)
    if not is_end:
        end = begins[-1] if begins else 0
        variants = variants[:-1]
    return list(_flat(variants)), end


def _add(entry: Any, at: int, variants: list[Raw], begins: list[int]) -> None:
    """Put a line of the file where it belongs."""
    if not isinstance(entry, dict):
        raise VendorNonsense("a line of the export is no object")
    parent = entry.pop(PARENT, None)
    if parent is None:
        entry["inventoryItem"]["inventoryLevels"] = []
        variants.append(entry)
        begins.append(at)
        return
    if not variants or parent not in (variants[-1]["id"], variants[-1]["inventoryItem"]["id"]):
        raise VendorNonsense(f"a line of the export belongs to {parent!r}, which is not before it")
    variants[-1]["inventoryItem"]["inventoryLevels"].append(entry)


def _flat(variants: list[Raw]) -> Iterator[Raw]:
    """Each product once, followed by its variants."""
    previous = None
    for variant in variants:
        if variant["product"]["id"] != previous:
            previous = variant["product"]["id"]
            yield named(variant["product"])
        yield named(variant)
