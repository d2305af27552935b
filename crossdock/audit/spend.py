"""Pure: charges → sums by month, currency, account, category and service, each of one currency."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from crossdock.audit.findings import ZERO, Finding
from crossdock.store.carriers.charges import ChargeRow
from crossdock.store.carriers.findings import FindingSum
from crossdock.store.carriers.spend import SpendRow

SpendKey = tuple[str, str, str, str, str]
"""Month, currency, account, category, service."""


@dataclass
class SpendSums:
    """The sums of the charges that were added."""

    nets: dict[SpendKey, Decimal] = field(default_factory=dict)
    counts: dict[SpendKey, int] = field(default_factory=dict)

    def add(self, charges: Sequence[ChargeRow]) -> None:
        """Add the charges of one parcel. All count for its service, which often one row of them tells."""
        service = next((charge.service for charge in charges if charge.service), "")
        for charge in charges:
            key = (
                _month(charge.charged_on), charge.currency or "", charge.account_id, charge.category,
                charge.service or service,
            )  # fmt: skip
            self.nets[key] = self.nets.get(key, ZERO) + charge.amount
            self.counts[key] = self.counts.get(key, 0) + 1

    def rows(self) -> Iterator[SpendRow]:
        """The sums as they are stored."""
        for key, amount in self.nets.items():
            yield SpendRow(*key, charges=self.counts[key], net=format(amount, "f"))


@lru_cache(8192)
def _month(charged_on: int) -> str:
    """The month of a moment in seconds, in UTC; "" for 0, where none is known."""
    if charged_on == 0:
        return ""
    moment = datetime.fromtimestamp(charged_on, UTC)
    return f"{moment.year:04}-{moment.month:02}"


@dataclass
class FindingSums:
    """The sums of findings by rule, direction, account, month of the charge and currency."""

    amounts: dict[tuple[str, str, str, str, str], tuple[int, Decimal]] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Add a finding."""
        key = (
            finding.rule, finding.direction, finding.account_id or "", _month(finding.charged_on),
            finding.currency or "",
        )  # fmt: skip
        count, amount = self.amounts.get(key, (0, ZERO))
        self.amounts[key] = count + 1, amount + finding.amount

    def rows(self) -> Iterator[FindingSum]:
        """The sums as they are stored."""
        for key, (count, amount) in self.amounts.items():
            yield FindingSum(key[0], key[1], key[2], key[3], key[4], count, amount)
