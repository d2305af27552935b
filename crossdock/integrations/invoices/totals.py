"""What an invoice comes to while it is read, and the verdict on it at the end."""

from decimal import Decimal
from typing import Any

import msgspec

from crossdock.integrations.invoices.contract import Invoice

ZERO = Decimal(0)
NO_GAP = Decimal("0.00")


class Running(msgspec.Struct, gc=False, array_like=True):
    """What of one invoice was read so far. A text is the first one that was seen."""

    account: str | None = None
    currency: str | None = None
    date: str | None = None
    due_date: str | None = None
    stated: Decimal | None = None
    """What records say the whole invoice comes to."""
    several: str = ""
    """The names of the fields above of which another value was seen, each with a space."""
    net: Decimal = ZERO
    gross: Decimal = ZERO
    rows: int = 0
    items: int = 0
    errors: int = 0
    checks: int = 0
    failed: int = 0
    gap: Decimal = NO_GAP
    """Of the checks of its records."""
    counted: Decimal = ZERO
    """What is to come to the stated total."""
    has_parts: bool = False
    credit_row: int = 0
    """Where it says that it is a credit note; 0: nowhere."""
    has_negatives: bool = False

    def meet(self, name: str, value: Any) -> None:
        """Takes the first value of a field, and notes when there is another one."""
        known = getattr(self, name)
        if known is None:
            setattr(self, name, value)
        elif value is not None and value != known and not self.has_several(name):
            self.several += f"{name} "

    def has_several(self, name: str) -> bool:
        return f"{name} " in self.several

    def only(self, name: str) -> Any:
        """The value of a field; None when there are several."""
        return None if self.has_several(name) else getattr(self, name)

    @property
    def is_by_part(self) -> bool:
        """Whether its records state a total each for a part of it."""
        return self.has_parts and self.has_several("stated")

    def check_part(self, part: "Part") -> None:
        if part.stated is not None:
            self.checks += 1
            if part.has_several or part.stated != part.counted:
                self.failed += 1
                self.gap += part.stated - part.counted

    def whole_gap(self) -> Decimal | None:
        """What its records state as a whole, minus what it comes to. None: they state nothing."""
        return None if self.stated is None or self.is_by_part else self.stated - self.counted

    def verdict(self) -> tuple[int, int, Decimal]:
        """Checks, those that failed, and the gap: with the check of the whole, if there is one."""
        gap = self.whole_gap()
        if gap is None:
            return self.checks, self.failed, self.gap
        is_right = not gap and not self.has_several("stated")
        return self.checks + 1, self.failed + (not is_right), self.gap if is_right else gap

    def count_in(self, other: "Running") -> None:
        """Adds what another invoice comes to."""
        self.net += other.net
        self.gross += other.gross
        self.items += other.items
        self.checks += other.checks
        self.failed += other.failed
        self.gap += other.gap

    def add(self, later: "Running") -> None:
        """Adds what was read of the same invoice later on."""
        for name in ("account", "currency", "date", "due_date", "stated"):
            self.meet(name, getattr(later, name))
            if later.has_several(name) and not self.has_several(name):
                self.several += f"{name} "
        for name in ("net", "gross", "rows", "items", "errors", "checks", "failed", "gap", "counted"):
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.has_parts |= later.has_parts
        self.has_negatives |= later.has_negatives
        self.credit_row = self.credit_row or later.credit_row


class Part(msgspec.Struct, gc=False, array_like=True):
    """A part of an invoice: what records state for it, and what it comes to."""

    stated: Decimal | None = None
    has_several: bool = False
    counted: Decimal = ZERO

    def add(self, later: "Part") -> None:
        self.state(later.stated, later.counted)
        self.has_several |= later.has_several

    def state(self, stated: Decimal | None, counted: Decimal) -> None:
        if stated is not None:
            self.has_several |= self.stated is not None and self.stated != stated
            self.stated = stated
        self.counted += counted


def invoice(key: str, one: Running) -> Invoice:
    """The invoice, summed up."""
    checks, failed, gap = one.verdict()
    is_one = not one.has_several("currency")
    return Invoice(
        invoice_id=key or None,
        account_id=one.only("account"),
        invoice_date=one.only("date"),
        due_date=one.only("due_date"),
        currency=one.only("currency"),
        net=one.net if is_one else None,
        gross=one.gross if is_one else None,
        stated_total=one.only("stated"),
        reconciled=reconciled(checks, failed, one.errors),
        gap=gap if checks and is_one else None,
        rows=one.rows,
        line_items=one.items,
        errors=one.errors,
    )


def reconciled(checks: int, failed: int, errors: int) -> bool | None:
    """Whether all is right; None: there was nothing to check."""
    if errors or failed:
        return False
    return True if checks else None
