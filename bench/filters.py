"""Every filter of orders over a million of them, against the page without a filter, over HTTP.

Each operator of each column is asked with a value that very many records have, one that few have, and
one that none has. The table shows the slowest of each column.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from urllib.parse import quote

from bench import servers
from bench.load import Timed
from bench.million import BEGIN, BUSY, DAY, END, LONE, as_date, rare_text
from bench.results import Result, at_most
from bench.run import Bench
from bench.servers import Server
from bench.stores import Prepared
from crossdock.resources.schema import Column, Kind
from crossdock.resources.wms.orders import ORDERS

SUBSTRINGS = ("contains", "contains-insensitive", "not_contains")
MOST, MOST_SUBSTRING = 3, 20

# By column: values that very many orders have, and one that few have.
TEXTS: Mapping[str, tuple[list[str], str]] = {
    "warehouse_customer_id": (["customer_1", "customer_2"], "customer_rare"),
    "reference_id": (["Manual"], ""),
    "order_number": (["Walk-in"], ""),
    "status": (["fulfilled", "open"], "exception"),
    "channel": (["shop"], "channel_rare"),
    "type": (["d2c", "b2b"], "transfer"),
    "trackstar_tags": (["common"], "rare"),
}
PARTS: Mapping[str, tuple[str, str, str]] = {
    "warehouse_customer_id": ("mer_1", "mer_rare", "nowhere"),
    "reference_id": ("eb-0", "ARE-0", "nowhere"),
    "order_number": ("eb-0", "ARE-0", "nowhere"),
    "status": ("filled", "except", "nowhere"),
    "channel": ("sho", "nel_rar", "nowhere"),
    "type": ("2c", "ansf", "nowhere"),
    "trackstar_tags": ("common", "rare", "nowhere"),
}


@dataclass(frozen=True)
class Asked:
    """One filter: `status[in]=open,fulfilled`."""

    column: str
    operator: str
    values: tuple[str, ...]

    @property
    def written(self) -> str:
        name = f"{self.column}[{self.operator}]" if self.operator else self.column
        return f"{name}={','.join(self.values)}"

    @property
    def is_substring(self) -> bool:
        return self.operator in SUBSTRINGS and self.column != "trackstar_tags"

    def path(self, page: int) -> str:
        return f"/wms/orders?limit={page}&{quote(self.written, safe='=&,')}"


def asked(count: int) -> Iterator[Asked]:
    """All filters of orders, with common, rare and absent values."""
    for column in ORDERS.filters.values():
        for operator in column.operators:
            for values in _values(column, operator, count):
                yield Asked(column.name, operator, values)


def _values(column: Column, operator: str, count: int) -> Iterator[tuple[str, ...]]:
    if operator in SUBSTRINGS:
        yield from ((part,) for part in PARTS[column.name])
    elif column.kind is Kind.TIME:
        yield from _times(operator)
    else:
        common, rare = TEXTS[column.name]
        rare = rare or rare_text(count)
        yield (common[0],)
        yield (rare,)
        if operator in ("in", "nin", "in-insensitive"):
            yield tuple(common)
            yield (rare, *common)
        if not column.choices:
            yield ("nowhere",)


def _times(operator: str) -> Iterator[tuple[str, ...]]:
    few = (END - BEGIN) // 50_000
    moments = {
        "gt": (BEGIN, END - few), "gte": (BEGIN, BUSY, END - few),
        "lt": (END, BEGIN + DAY + few), "lte": (END, BUSY, BEGIN + DAY + few),
    }.get(operator, (BUSY, LONE, BEGIN))  # fmt: skip
    yield from ((as_date(moment),) for moment in moments)
    if operator in ("in", "nin"):
        yield as_date(BUSY), as_date(LONE)


def run(bench: Bench) -> Iterator[Result]:
    for stores in bench.kinds:
        prepared = bench.million(stores)
        with servers.crossdock(prepared) as server:
            yield from _worst(stores.label, _measured(bench, server, prepared))


@dataclass(frozen=True)
class Took:
    """Seconds of a filtered page, and of the unfiltered one in the same rounds."""

    asked: Asked
    filtered: float
    plain: float

    @property
    def ratio(self) -> float:
        return self.filtered / self.plain


def _measured(bench: Bench, server: Server, prepared: Prepared) -> list[Took]:
    page = bench.scale.page
    plain = Timed(server.port, f"/wms/orders?limit={page}", prepared.headers)
    tooks = []
    for item in asked(bench.scale.records):
        filtered = Timed(server.port, item.path(page), prepared.headers)
        pairs = [(filtered(), plain()) for _ in range(bench.scale.rounds)]
        filtered.close()
        tooks.append(Took(item, median(a for a, _ in pairs), median(b for _, b in pairs)))
    plain.close()
    return tooks


def _worst(label: str, measured: list[Took]) -> Iterator[Result]:
    """A line for each column and kind of operator."""
    groups: dict[tuple[str, bool], list[Took]] = {}
    for took in measured:
        groups.setdefault((took.asked.column, took.asked.is_substring), []).append(took)
    for (column, is_substring), members in groups.items():
        worst = max(members, key=lambda took: took.ratio)
        kind = "substrings" if is_substring else "filters"
        yield at_most(
            MOST_SUBSTRING if is_substring else MOST,
            name=f"{len(members)} {kind} of {column}, slowest {worst.asked.written}, {label}",
            against="the unfiltered page", ours=worst.filtered * 1000, theirs=worst.plain * 1000, unit="ms",
        )  # fmt: skip
