"""What is told once, not parcel by parcel: parcels that nobody can know, rules that lack something. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from crossdock.audit.findings import ZERO, Finding, total
from crossdock.store.carriers.charges import ChargeRow

KNOWN_SHARE = Decimal("0.5")
"""Where warehouses know less than this of an account's parcels, they are not all of its warehouses."""

LACKING: Final[dict[str, tuple[str, str]]] = {
    "size": ("overbilled_weight", "{count} parcels{of} were billed by volume, and no row says their size or "
             "the divisor; set the account's divisor, or connect a warehouse that measures packages"),
    "weight": ("overbilled_weight", "{count} parcels{of} have no weight in their rows"),
    "number": ("duplicate_charge", "{count} charges{of} have a tracking number that is no parcel's, as more "
               "than a thousand have it"),
    "prices": ("price_deviation", "{count} prices{of} are too many to derive a list from"),
    "rate_card": ("above_rate_card", "the rate card{of} can't be read; upload it again"),
}  # fmt: skip
"""By what is lacking: the rule that lacks it, and the message."""


@dataclass
class Unknown:
    """Parcels that no warehouse knows. since: when all of them tell of what was shipped, in seconds."""

    since: int | None = None
    shares: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By account: how many parcels were sent since then, and how many of them warehouses know."""
    _silent: dict[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)

    def was_shipped(self, charges: Sequence[ChargeRow]) -> bool | None:
        """False for a parcel that warehouses should know and do not; None where nobody can know."""
        days = [charge.shipped_on for charge in charges if charge.shipped_on]
        if self.since is None or not days or min(days) < self.since:
            return None
        account = charges[0].account_id
        sent, known = self.shares.get(account, (0, 0))
        if known >= KNOWN_SHARE * sent:
            return False
        self._add_silent(account, charges)
        return None

    def _add_silent(self, account: str, charges: Sequence[ChargeRow]) -> None:
        for currency in {charge.currency or "" for charge in charges}:
            count, amount = self._silent.get((account, currency), (0, ZERO))
            cost = total(charge for charge in charges if (charge.currency or "") == currency)
            self._silent[account, currency] = count + 1, amount + cost

    def findings(self) -> Iterator[Finding]:
        """One finding for each account whose parcels are mostly unknown."""
        for (account, currency), (count, amount) in self._silent.items():
            sent, known = self.shares[account]
            yield Finding(
                "charged_not_shipped", ("account", account, currency), max(amount, ZERO), currency or None,
                f"the connected warehouses know {known} of {sent} parcels of account {account or '(none)'}: "
                "connect the others to have each parcel checked",
                "to_look_at", "possible", account_id=account or None,
                detail={"parcels": sent, "known_parcels": known, "unknown_parcels": count},
            )  # fmt: skip


def not_judged(lacking: Counter[tuple[str, str]]) -> Iterator[Finding]:
    """One finding for each account and thing that is lacking."""
    for (account, what), count in sorted(lacking.items()):
        rule, message = LACKING[what]
        of_account = f" of account {account}" if account else ""
        yield Finding(
            "not_judged", (rule, account, what), ZERO, None, message.format(count=count, of=of_account),
            "to_look_at", account_id=account or None, detail={"rule": rule, "lacks": what, "count": count},
        )  # fmt: skip
