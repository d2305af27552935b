"""Where a carrier takes claims, and until when: what its folder says in `CLAIMS` of `charges.py`. Pure."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ClaimDesk:
    """The way to claim charges of a carrier. days: after the date counted from; None: none is published."""

    how: str
    days: int | None = None
    counted_from: Literal["invoice", "shipment"] = "invoice"
    source: str = ""
    """The address that says so."""
    by_rule: tuple[tuple[str, int], ...] = ()
    """Rules for which other days count."""

    def days_of(self, rule: str) -> int | None:
        """The days in which a finding of a rule can be claimed."""
        return dict(self.by_rule).get(rule, self.days)


NOWHERE = ClaimDesk("Ask your contact at the carrier; no way is published.")
