"""What a carrier's charges are judged by: settings of accounts, rate cards, and the usual prices."""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.audit.rate_cards import DISCOUNT_COLUMNS, PRICE_COLUMNS
from crossdock.dashboard.carrier.head import CarrierHead, carrier_of, head_of, title_of
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import Invalid
from crossdock.store.carriers import spend

PAGE = 50
SETTINGS, RATE_CARDS, PRICES = (
    "/carrier/audit/settings",
    "/carrier/audit/rate-cards",
    "/carrier/audit/price-list",
)


class RatesPage(msgspec.Struct, kw_only=True):
    """Settings, rate cards and a page of prices, as the API has them. accounts: that were charged."""

    carrier: CarrierHead
    settings: list[dict[str, Any]]
    rate_cards: list[dict[str, Any]]
    prices: list[dict[str, Any]]
    accounts: list[str]
    columns: list[list[str]]
    """Of rate cards: of prices, of discounts."""
    filters: dict[str, str]
    next_token: str | None


async def shown(visit: DashboardContext) -> Response:
    """Settings, rate cards and prices."""
    connection = await carrier_of(visit)
    filters = visit.query("account_id")
    query = {**filters, **visit.query("page_token"), "limit": PAGE}
    prices = await visit.inside.get(PRICES, query, connection.uid)
    rows = await spend.of_connection(visit.door.database, connection.id)
    head = await head_of(visit, connection)
    page = RatesPage(
        carrier=head,
        settings=(await visit.inside.get(SETTINGS, connection_id=connection.uid))["data"],
        rate_cards=(await visit.inside.get(RATE_CARDS, connection_id=connection.uid))["data"],
        prices=prices["data"],
        accounts=sorted({row.account_id for row in rows if row.account_id}),
        columns=[list(PRICE_COLUMNS), list(DISCOUNT_COLUMNS)],
        filters=filters,
        next_token=prices["next_token"],
    )
    return visit.view("carrier/rates.html", page, title=title_of(head, "rates and settings"))


async def changed(visit: DashboardContext) -> Response:
    """Set what an account is judged by, or forget it; or remove its rate card."""
    connection, account = await carrier_of(visit), visit.text("account_id").strip()
    page = f"/carrier/{connection.uid}/rates"
    if visit.text("do") == "remove_card":
        query = {"account_id": account} if account else {}
        await visit.inside.answer("DELETE", RATE_CARDS, query, connection_id=connection.uid)
        return visit.onward(page, done="rate_card_removed")
    kept = (await visit.inside.get(SETTINGS, connection_id=connection.uid))["data"]
    settings = [setting for setting in kept if (setting["account_id"] or "") != account]
    if visit.text("do") == "set":
        settings.append(
            {
                "account_id": account or None, "dim_divisor": _divisor(visit.text("dim_divisor").strip()),
                "spreads_costs": visit.text("spreads_costs") == "yes",
            }
        )  # fmt: skip
    await visit.inside.send("PUT", SETTINGS, {"settings": settings}, connection.uid)
    return visit.onward(page, done="rates_set")


def _divisor(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        problem = f"is {text[:40]!r}; wanted is a number such as 139"
        raise Invalid({"form": {"dim_divisor": [problem]}}) from None


async def uploaded(visit: DashboardContext) -> Response:
    """Take a rate card in, in place of the account's."""
    connection = await carrier_of(visit)
    file = visit.files.get("file")
    if file is None or not file.filename:
        raise Invalid({"form": {"file": ["choose a file first"]}})
    account = visit.text("account_id").strip()
    query = {"name": file.filename, **({"account_id": account} if account else {})}
    await visit.inside.upload(RATE_CARDS, file, query, connection.uid, "PUT")
    return visit.onward(f"/carrier/{connection.uid}/rates", done="rate_card_taken")
