"""Pages of the data explorer over a million orders: none may take longer than a person notices.

What is measured is a page as a browser gets it from a server beside it, of which the server's time is all but
nothing; the median of some rounds.
"""

import asyncio
from collections.abc import Iterator, Mapping
from statistics import median

import msgspec

from bench import servers
from bench.load import Timed, body_of
from bench.million import BUSY, as_date, order_id, rare_text
from bench.results import Result, at_most
from bench.run import Bench
from bench.stores import Prepared
from crossdock.config import Settings
from crossdock.people.sessions import Visitor
from crossdock.services.open import open_services
from crossdock.store.people import users
from crossdock.web.cookies import SESSION_COOKIE

LONGEST_MS = 300


def run(bench: Bench) -> Iterator[Result]:
    for stores in bench.kinds:
        prepared = bench.million(stores)
        cookie = asyncio.run(signed_in(prepared))
        with servers.crossdock(prepared) as server:
            headers = {"cookie": f"{SESSION_COOKIE}={cookie}"}
            for name, path in _pages(server.port, headers, prepared, bench.scale.records).items():
                body_of(server.port, path, headers)
                page = Timed(server.port, path, headers)
                took = median(page() for _ in range(max(3, bench.scale.rounds)))
                page.close()
                yield at_most(
                    1, name=f"{name} of {bench.scale.records:,} orders, {stores.label}",
                    against=f"{LONGEST_MS} ms", ours=took * 1000, theirs=LONGEST_MS, unit="ms",
                )  # fmt: skip


def _pages(port: int, headers: Mapping[str, str], prepared: Prepared, count: int) -> Mapping[str, str]:
    """The addresses of pages, by what they show."""
    here = f"/dashboard/explorer/{prepared.connection.uid}"
    orders, one = f"{here}/list/orders", f"{here}/record/orders/{order_id(count // 2)}"
    listed = msgspec.json.decode(body_of(port, f"{orders}?format=json", headers))
    return {
        "the choice of a connection": "/dashboard/explorer?where=sandbox",
        "the resources with their numbers": here,
        "the list": orders,
        "its second page": f"{orders}?page_token={listed['next_token']}",
        "the list by a common status": f"{orders}?status=fulfilled",
        "the list by a rare status": f"{orders}?status=exception",
        "the list by a part of a number": f"{orders}?order_number%5Bcontains-insensitive%5D=are-0",
        "the list by a number": f"{orders}?order_number={rare_text(count)}",
        "the list since a moment": f"{orders}?updated_date%5Bgte%5D={as_date(BUSY)}",
        "the list by two filters": f"{orders}?status=open&type=b2b",
        "the list by a tag": f"{orders}?trackstar_tags%5Bcontains%5D=common",
        "a record": one,
        "a record as JSON": f"{one}?view=json",
        "the history of a record": f"{one}?view=history",
        "what a record is related to": f"{one}?view=related",
    }


async def signed_in(prepared: Prepared, email: str = "owner@example.com") -> str:
    """The session of a new owner."""
    settings = Settings(database_url=prepared.url, secret_key=prepared.secret_key)
    organization_id = prepared.connection.organization_id
    async with open_services(settings) as services, services.database.transaction() as transaction:
        now = services.clock()
        user = await users.add(transaction, email, "Owner", None, now)
        await users.put_member(transaction, organization_id, user.id, "owner", now)
        opened = await services.identity.sessions.open(
            transaction, user.id, "password", "open", Visitor("127.0.0.1"), organization_id
        )
        return opened.token
