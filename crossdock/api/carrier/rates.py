"""What charges are judged by: settings of accounts, rate cards, and the prices that invoices show."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from crossdock.api.carrier import audit_schemas as schemas
from crossdock.api.carrier.files import AROUND_BYTES, offered
from crossdock.api.context import RequestContext
from crossdock.audit.rate_cards import MOST_BYTES, read_rate_card
from crossdock.errors import BadRequest, FileRefused, Invalid, NotFound
from crossdock.store.carriers import audit, charges
from crossdock.store.carriers.audit import AuditSettings, StoredRateCard
from crossdock.store.carriers.charges import NO_PRICE, PriceKey, PriceRow
from crossdock.store.people.audit_log import note_act
from crossdock.web.forms import read_form
from crossdock.web.middleware import allow_body
from crossdock.web.page_tokens import PageTokens
from crossdock.web.responses import reply
from crossdock.wire import stamp, stamp_seconds

MOST_DIVISOR = Decimal(100_000)


async def get_settings(visit: RequestContext) -> Response:
    """All settings."""
    offered(visit)
    return await _settings(visit)


async def put_settings(visit: RequestContext) -> Response:
    """Replace all settings; the next audit judges by them."""
    offered(visit)
    door, connection = visit.door, visit.connection
    body = await visit.body(schemas.AuditSettingsBody)
    every: dict[str, AuditSettings] = {}
    for number, sent in enumerate(body.settings):
        account, divisor = sent.account_id or "", sent.dim_divisor
        if account in every:
            raise Invalid({"json": {f"settings.{number}.account_id": ["stands there twice"]}})
        if divisor is not None and (problem := _problem_of(divisor)):
            raise Invalid({"json": {f"settings.{number}.dim_divisor": [problem]}})
        every[account] = AuditSettings(account, divisor, sent.spreads_costs)
    async with door.database.transaction() as transaction:
        await audit.put_settings(transaction, connection.id, list(every.values()))
        await audit.ask_again(transaction, connection.id)
        await note_act(
            transaction, connection.organization_id, "audit.settings_changed", connection.uid, door.clock()
        )
    return await _settings(visit)


def _problem_of(divisor: Decimal) -> str | None:
    """The fault of a divisor; None: it has none."""
    exponent = divisor.as_tuple().exponent
    if not 0 < divisor <= MOST_DIVISOR:
        return f"is {divisor:.20g}, wanted a number above 0, at most {MOST_DIVISOR}"
    if not isinstance(exponent, int) or exponent < -4:
        return f"is {divisor:.20g}, wanted a number with at most four decimal places"
    return None


async def _settings(visit: RequestContext) -> Response:
    settings = await audit.settings(visit.door.database, visit.connection.id)
    data = [
        schemas.AccountSettings(
            account_id=row.account_id or None, dim_divisor=row.dim_divisor, spreads_costs=row.spreads_costs
        )
        for row in settings.values()
    ]
    return reply(schemas.AuditSettingsList(data=data))


async def get_rate_cards(visit: RequestContext) -> Response:
    """The rate cards that there are."""
    offered(visit)
    cards = await audit.rate_cards(visit.door.database, visit.connection.id)
    return reply(schemas.RateCardList(data=[await asyncio.to_thread(_info, card) for card in cards]))


async def put_rate_card(visit: RequestContext) -> Response:
    """Take a rate card in, in place of the account's."""
    offered(visit)
    door, connection, arguments = visit.door, visit.connection, visit.arguments()
    allow_body(visit.request, MOST_BYTES + AROUND_BYTES)
    try:
        text = (await _sent(visit.request)).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused("the rate card is no UTF-8; save it as CSV in UTF-8") from None
    if "\0" in text:
        raise FileRefused("the rate card holds a NUL character, so it is no CSV")
    await asyncio.to_thread(read_rate_card, text)
    card = StoredRateCard(
        str(arguments.get("account_id", "")), str(arguments.get("name", "rate card")), text, door.clock()
    )
    async with door.database.transaction() as transaction:
        await audit.put_rate_card(transaction, connection.id, card)
        await audit.ask_again(transaction, connection.id)
        await note_act(
            transaction, connection.organization_id, "rate_card.uploaded", connection.uid, door.clock()
        )
    return reply(schemas.RateCardItem(data=await asyncio.to_thread(_info, card)))


async def _sent(request: Request) -> bytes:
    """The file: the body itself, or `file` of a form."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await request.body()
    try:
        form = await read_form(request, max_fields=10)
    except BadRequest as problem:
        raise FileRefused(f"the body is no form that can be read: {problem}") from None
    try:
        sent = form.get("file")
        if not isinstance(sent, UploadFile):
            raise Invalid({"form": {"file": ["is missing, or is no file"]}})
        return await sent.read()
    finally:
        await form.close()


async def delete_rate_card(visit: RequestContext) -> Response:
    """Remove an account's rate card."""
    offered(visit)
    door, connection = visit.door, visit.connection
    account = str(visit.arguments().get("account_id", ""))
    async with door.database.transaction() as transaction:
        if not await audit.remove_rate_card(transaction, connection.id, account):
            raise NotFound(f"there is no rate card of account {account[:100]!r}", record_id=account)
        await audit.ask_again(transaction, connection.id)
        await note_act(
            transaction, connection.organization_id, "rate_card.deleted", connection.uid, door.clock()
        )
    return reply(schemas.RemovedRateCard(account_id=account or None, deleted=True))


def _info(card: StoredRateCard) -> schemas.RateCardInfo:
    read = read_rate_card(card.body)
    return schemas.RateCardInfo(
        account_id=card.account_id or None, name=card.name,
        prices=sum(map(len, read.steps.values())), discounts=len(read.discounts),
        uploaded_at=stamp(card.uploaded_ms),
    )  # fmt: skip


async def price_list(visit: RequestContext) -> Response:
    """The last usual prices of accounts, as their invoices show them, cell by cell."""
    offered(visit)
    door, connection, arguments = visit.door, visit.connection, visit.arguments()
    pages = PageTokens(door.page_key, connection.id, "price list")
    key: Any = pages.key_or_none(arguments.get("page_token"))
    after = NO_PRICE if key is None else msgspec.json.decode(key[0], type=PriceKey)
    account = str(arguments["account_id"]) if "account_id" in arguments else None
    limit = int(arguments["limit"])
    cells = list((await charges.price_page(door.database, connection.id, account, after, limit + 1)).items())
    shown = (_list_price(prices) for _, prices in cells[:limit])
    data = [price for price in shown if price is not None]
    more = len(cells) > limit
    token = pages.token((msgspec.json.encode(cells[limit - 1][0]).decode(),), None) if more else None
    return reply(schemas.ListPriceList(data=data, next_token=token, total_count=len(data)))


def _list_price(prices: Sequence[PriceRow]) -> schemas.ListPrice | None:
    """The price that was charged last, of several the most frequent; None where all were given back."""
    charged = [price for price in prices if Decimal(price.net) > 0]
    if not charged:
        return None
    row = max(charged, key=lambda price: (price.last, price.charges))
    return schemas.ListPrice(
        account_id=row.account_id or None, service=row.service, zone=row.zone, weight=Decimal(row.weight),
        weight_unit=row.unit or None, currency=row.currency or None, price=Decimal(row.net),
        charges=row.charges, first_date=stamp_seconds(row.first) if row.first else None,
        last_date=stamp_seconds(row.last) if row.last else None,
    )  # fmt: skip
