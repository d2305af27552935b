"""Speaks to VeraCore: SOAP for orders and stock, and REST for the list of orders, which SOAP has not."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    NotFound,
    VendorError,
    VendorNonsense,
    VendorRefused,
)
from crossdock.integrations.veracore import soap
from crossdock.integrations.veracore.read import TIME_ZONE
from crossdock.kit import paging
from crossdock.kit.auth.base import VendorRequest
from crossdock.kit.auth.renewed import AccessToken, RenewedAuth, in_header
from crossdock.kit.auth.signature import signature
from crossdock.kit.contract import RECORD_ID, Account, Call, Context, Json, Page, Raw, Walk, WireRequest
from crossdock.kit.http import Response
from crossdock.kit.responses import member
from crossdock.kit.rest import GONE, NOT_FOUND, RestClient

REST, SERVICE = "/VeraCore/Public.Api/api", "/pmomsws/order.asmx"
OPEN = ("Unprocessed", "Processed", "PartiallyShipped")
ORDERS_OF_A_PAGE = 50
REFUSED = 400
"""What a fault counts as that is neither a missing record nor a missing right: it comes with 500."""
A_DAY, A_MONTH = timedelta(days=1), timedelta(days=31)
EVERYTHING = "%"
"""What a part number is compared with, as SQL's LIKE does."""
ORDER, NOT_THERE = "order", ("can not find", "cannot find", "not found", "does not exist")
"""What a fault says of an order that there is not. Of a user, say, it says nothing about orders."""
NOT_LET_IN = ("password", "authenticat", "credential", "log in", "login")
NOT_ALLOWED = ("permission", "not authorized", "access denied")


class Client(RestClient):
    """Raw pages out of one system of a VeraCore."""

    def __init__(self, context: Context) -> None:
        self._context = context
        fields = context.credentials
        auth = RenewedAuth(
            obtain=self._token, session=context.session, insert=in_header("Authorization", "bearer {}")
        )
        super().__init__(context.http.signed(auth), f"{context.host('api')}{REST}")
        self._service_url = f"{context.host('api')}{SERVICE}"
        # A fault may quote what was sent, escaped.
        secrets = (fields["password"], escape(fields["password"]))
        self._soap = context.http.signed(signature(self._with_header, *secrets))

    def _with_header(self, request: VendorRequest) -> VendorRequest:
        """A call with the user and the password in its envelope."""
        fields = self._context.credentials
        text = soap.signed((request.body or b"").decode(), fields["user"], fields["password"])
        return replace(request, body=text.encode())

    async def _token(self, _: AccessToken | None) -> AccessToken:
        """A token of the REST API. 403 says that nobody is let in."""
        fields = self._context.credentials
        body = {"userName": fields["user"], "password": fields["password"], "systemId": fields["system_id"]}
        # The password stands in the body, and may come back in an answer.
        http = self._context.http.signed(signature(lambda request: request, fields["password"]))
        try:
            answer = await http.send(
                "POST",
                f"{self.base_url}/login",
                headers=self.headers,
                json=body,
                repeatable=True,
                refusal=self.refusal,
            )
        except (VendorRefused, MissingPermission) as refusal:
            raise InvalidCredentials(str(refusal), url=refusal.url, status=refusal.status) from None
        granted = answer.json()
        return AccessToken(member(granted, "Token", str), _expiry(granted.get("UtcExpirationDate")))

    def refusal(self, answer: Response) -> VendorError | None:
        """The refusal of the REST API in its words: {"Error": …}."""
        if not 400 <= answer.status < 500 or answer.status in (401, 429):
            return None
        try:
            words = str(answer.json()["Error"])
        except (VendorNonsense, TypeError, LookupError):
            return None
        kind = MissingPermission if answer.status == 403 else VendorRefused
        said = answer.redaction(f"{answer.status}: {words}")[:500]
        return kind(said, url=answer.url, status=answer.status)

    async def check(self) -> Account:
        """Check whether both interfaces let the user in."""
        zone = self._zone()
        _, moment = await self._listed("Unprocessed")
        await self._shipped(moment, moment, zone)
        fields = self._context.credentials
        return Account(f"{fields['system_id']} at {fields['domain']}", {"system_id": fields["system_id"]})

    # Walks

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that are open, those that were sent since, and those open with us; all without a date.

        Lists name orders only, so each is asked for. Pages go by their ids.
        """
        ids, moment = await self._wanted(walk)

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            rest = [name for name in ids if cursor is None or name > cursor]
            size = min(ORDERS_OF_A_PAGE, walk.at_most or ORDERS_OF_A_PAGE)
            page, more = rest[:size], rest[size:]
            return [{RECORD_ID: name} for name in page], page[-1] if more else None

        pages = paging.by_cursor(walk, fetch, mark=lambda _, so_far: so_far or moment, key=RECORD_ID)
        async for page in pages:
            yield await paging.with_details(page, lambda raw: self.order(raw[RECORD_ID]), at_once=2)

    async def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        """All products with what there is of them, warehouse by warehouse. One answer has them all."""
        owner = self._context.credentials.get("owner") or ""
        arguments = {"partNumber": EVERYTHING, **({"owner": owner} if owner else {})}
        answer = await self._ask("GetProductAvailabilities", arguments)
        if not isinstance(answer, list):
            raise VendorNonsense("wanted a list of products with their levels")
        yield Page(_by_product(answer), mark=walk.mark, key=RECORD_ID)

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        return self.inventory(walk)

    async def order(self, record_id: str) -> Raw:
        """One order, with its offers and parcels."""
        try:
            raw = await self._ask("GetOrderInfo", {"orderId": record_id})
        except VendorRefused as refused:
            if refused.status != NOT_FOUND:
                raise
            raise NotFound(f"there is no order {record_id}", record_id=record_id) from refused
        if not isinstance(raw, dict):
            raise VendorNonsense(f"wanted the order {record_id}, got {type(raw).__name__}")
        return raw | {RECORD_ID: record_id, TIME_ZONE: self._context.credentials.get("time_zone") or "UTC"}

    # Writes

    async def call(self, call: Call) -> Json:
        """Carry out an operation. What only asks for an order that there is not answers with nothing."""
        try:
            return await self._ask(call.path, call.body or {}, repeatable=call.asks)
        except VendorRefused as refused:
            if not call.asks or refused.status != NOT_FOUND:
                raise
            return None

    def shown(self, call: Call) -> WireRequest:
        """The call of an operation, without the header that signs it."""
        body = soap.envelope(call.path, call.body or {})
        return WireRequest("POST", self._service_url, self._headers(call.path), body)

    # Parts of these

    def _headers(self, operation: str) -> dict[str, str]:
        return {
            "Content-Type": "text/xml; charset=utf-8",
            "Accept": "text/xml",
            "SOAPAction": f'"{soap.NAMESPACE}{operation}"',
        }

    async def _ask(self, operation: str, arguments: Mapping[str, Any], *, repeatable: bool = True) -> Any:
        """The answer of an operation. A fault, which comes with 500, is the error that its words say."""
        answer = await self._soap.send(
            "POST",
            self._service_url,
            headers=self._headers(operation),
            body=soap.envelope(operation, arguments).encode(),
            repeatable=repeatable,
            refusal=_fault,
        )
        return soap.result(answer.xml(), operation)

    async def _listed(self, status: str) -> tuple[list[str], datetime]:
        """The ids of orders in a status of the REST API, and when it answered."""
        answer = await self.send("GET", "/orders", params={"api": "True", "request.status": status})
        rows = member(answer.json(), "Orders", list)
        return [_id(row, "ID") for row in rows], answer.moment(self.http.clock())

    async def _shipped(self, since: datetime, until: datetime, zone: ZoneInfo) -> list[str]:
        """The ids of orders of which something was sent, from a day before to a day after, by months."""
        ids: list[str] = []
        begin, last = since - A_DAY, until + A_DAY
        while True:
            end = min(begin + A_MONTH, last)
            days = {"StartDate": _local(begin, zone), "EndDate": _local(end, zone)}
            answer = await self._ask("GetShippingActivity", days)
            if not isinstance(answer, list) and answer != "":
                raise VendorNonsense("wanted a list of what was sent")
            ids += [_id(row, "OrderId") for row in answer]
            if end >= last:
                return ids
            begin = end

    async def _wanted(self, walk: Walk) -> tuple[list[str], str]:
        """The ids that a walk asks for, in order, and when it began by VeraCore's clock."""
        zone = self._zone()
        since = datetime.fromisoformat(walk.mark) if walk.mark else walk.start
        statuses: Iterable[str] = OPEN if since else ("All",)
        ids, moments = set(walk.open_ids), []
        for status in statuses:
            listed, moment = await self._listed(status)
            ids.update(listed)
            moments.append(moment)
        if since:
            ids.update(await self._shipped(since, moments[0], zone))
        return sorted(ids), moments[0].isoformat(timespec="seconds")

    def _zone(self) -> ZoneInfo:
        name = self._context.credentials.get("time_zone") or "UTC"
        try:
            return ZoneInfo(name)
        except (LookupError, ValueError, OSError):
            raise InvalidCredentials(
                f"there is no time zone {name!r}; wanted one like Europe/Berlin"
            ) from None


def _fault(answer: Response) -> VendorError | None:
    """The error that a fault is, by its words; None where the answer is none."""
    if answer.status in (NOT_FOUND, GONE):
        # This says nothing of an order that was asked for.
        return VendorNonsense(
            f"{answer.status}: there is no such service", url=answer.url, status=answer.status
        )
    if answer.status not in (200, 500):
        return None
    try:
        words = soap.fault(answer.xml())
    except VendorNonsense:
        return None
    if words is None:
        return None
    said, plain = answer.redaction(words)[:500], words.casefold()
    if ORDER in plain and any(part in plain for part in NOT_THERE):
        return VendorRefused(said, url=answer.url, status=NOT_FOUND)
    if any(part in plain for part in NOT_ALLOWED):
        return MissingPermission(said, url=answer.url, status=answer.status)
    if any(part in plain for part in NOT_LET_IN):
        return InvalidCredentials(said, url=answer.url, status=answer.status)
    return VendorRefused(said, url=answer.url, status=REFUSED)


def _by_product(rows: Iterable[Any]) -> list[Raw]:
    """The levels of products, those of a product together, in the order in which they come."""
    products: dict[str, Raw] = {}
    for row in rows:
        for level in row.get("Warehouses") or [] if isinstance(row, dict) else []:
            name = _id(level, "PartNumber")
            products.setdefault(name, {RECORD_ID: name, "levels": []})["levels"].append(level)
    return list(products.values())


def _id(row: Any, name: str) -> str:
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
        raise VendorNonsense(f"wanted {name} in a row of a list")
    return str(value).strip()


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")


def _expiry(value: Any) -> datetime | None:
    """The end of a token, in UTC; None where it is not said."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
