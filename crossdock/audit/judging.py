"""All rules over the charges of one tracking number. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from crossdock.audit.findings import Finding, capped
from crossdock.audit.parcels import Knowledge, ParcelCharges, parcels_of
from crossdock.audit.rules.corrections import corrections
from crossdock.audit.rules.duplicates import duplicates
from crossdock.audit.rules.fuel import FuelShares
from crossdock.audit.rules.refunds import Refunds, refunds_of
from crossdock.audit.rules.service import charged_not_shipped, late_delivery
from crossdock.audit.rules.weights import (
    above_rate_card,
    billed_over_measured,
    freight_of,
    lacks_size,
    overbilled_weight,
    price_deviation,
)
from crossdock.audit.volume import PackageMeasures
from crossdock.store.carriers.charges import ChargeRow


@dataclass
class Judge:
    """The rules, with what they know, and what they met on the way."""

    knowledge: Knowledge = field(default_factory=Knowledge)
    fuel: FuelShares = field(default_factory=FuelShares)
    lacking: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By account and what is lacking: of how many parcels a rule could not judge."""
    weighed: set[str] = field(default_factory=set)
    """Accounts whose freight has weights."""

    def of_number(
        self,
        charges: Sequence[ChargeRow],
        *,
        was_shipped: bool | None = None,
        package: PackageMeasures | None = None,
    ) -> list[Finding]:
        """The findings of one tracking number's charges."""
        findings: list[Finding] = []
        for parcel in parcels_of(charges, was_shipped=was_shipped, package=package):
            refunds = refunds_of(parcel)
            kept = capped(list(self._of_parcel(parcel, refunds)), parcel.charges)
            claimed = [finding for finding in kept if finding.direction == "recoverable" and finding.claims]
            self.fuel.see(parcel, refunds, claimed)
            findings += kept
        return findings

    @property
    def lacks(self) -> Counter[tuple[str, str]]:
        """The things that are lacking in earnest: a weight is not where other rows have one."""
        return Counter(
            {
                (account, what): count
                for (account, what), count in self.lacking.items()
                if what != "weight" or account not in self.weighed
            }
        )

    def _of_parcel(self, parcel: ParcelCharges, refunds: Refunds) -> Iterator[Finding]:
        yield from refunds.findings
        if len(parcel.charges) > 1:
            yield from duplicates(parcel, refunds)
        yield from corrections(parcel, self.knowledge, refunds)
        yield from charged_not_shipped(parcel)
        yield from late_delivery(parcel, self.knowledge)
        for freight in freight_of(parcel, refunds):
            weighed = [
                *overbilled_weight(parcel, self.knowledge, freight),
                *billed_over_measured(parcel, self.knowledge, freight),
            ]
            yield from weighed
            yield from above_rate_card(self.knowledge, freight)
            yield from price_deviation(self.knowledge, freight)
            if lacks_size(freight, self.knowledge):
                self.lacking[freight.charge.account_id, "size"] += 1
            if freight.charge.billed_weight is None:
                self.lacking[freight.charge.account_id, "weight"] += 1
            else:
                self.weighed.add(freight.charge.account_id)
