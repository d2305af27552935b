"""What the charges of a connection are judged by: its settings, rate cards, own prices and divisors."""

import asyncio
from collections import Counter
from decimal import Decimal

import structlog

from crossdock.audit.parcels import Knowledge
from crossdock.audit.prices import MOST_PRICES, PriceList
from crossdock.audit.rate_cards import RateCard, RateCards, read_rate_card
from crossdock.audit.volume import Divisors, DivisorSearch, size_in
from crossdock.errors import FileRefused
from crossdock.invoices.charges import LENGTH_OF, ChargeVocabulary
from crossdock.store.carriers import audit, charges
from crossdock.store.carriers.measures import measures_of
from crossdock.store.database.engine import Database

MOST_SIZED = 20_000
"""Rows that divisors are inferred from."""

log = structlog.get_logger()


async def knowledge_of(
    database: Database, connection_id: int, vocabulary: ChargeVocabulary, lacking: Counter[tuple[str, str]]
) -> Knowledge:
    """All that is known. lacking: counts what can't be used."""
    settings = await audit.settings(database, connection_id)
    prices = await charges.prices(database, connection_id, MOST_PRICES + 1)
    if len(prices) > MOST_PRICES:
        lacking["", "prices"] += len(prices)
        prices = []
    return Knowledge(
        vocabulary=vocabulary,
        prices=await asyncio.to_thread(PriceList, prices),
        divisors=Divisors(
            {
                account: setting.dim_divisor
                for account, setting in settings.items()
                if setting.dim_divisor is not None
            },
            await _inferred(database, connection_id, vocabulary),
        ),
        rate_cards=await _rate_cards(database, connection_id, lacking),
    )


async def _inferred(
    database: Database, connection_id: int, vocabulary: ChargeVocabulary
) -> dict[tuple[str, str], Decimal]:
    search = DivisorSearch(vocabulary)
    for account, unit, billed, actual, _, text in await charges.sized(database, connection_id, MOST_SIZED):
        measures = measures_of(text)
        size = (
            None
            if measures.size is None
            else size_in(LENGTH_OF.get(unit, ""), measures.size, measures.size_unit)
        )
        heavier = actual is not None and Decimal(actual) > Decimal(billed) - 1
        if size and measures.pieces == 1 and not heavier:
            search.see(account, unit, Decimal(billed), size)
    return search.inferred()


async def _rate_cards(database: Database, connection_id: int, lacking: Counter[tuple[str, str]]) -> RateCards:
    cards: dict[str, RateCard] = {}
    for card in await audit.rate_cards(database, connection_id):
        try:
            cards[card.account_id] = read_rate_card(card.body)
        except FileRefused as problem:  # one that an earlier version took
            log.warning("a rate card can't be read", connection=connection_id, problem=str(problem))
            lacking[card.account_id, "rate_card"] += 1
    return RateCards(cards)
