"""What the invoices of one file come to: amounts added up, and the sums that the file states checked."""

from collections.abc import Iterator
from decimal import Decimal

from crossdock.invoices import totals
from crossdock.invoices.charge_ids import APART
from crossdock.invoices.spill import Sums
from crossdock.invoices.totals import RunningTotal, ShipmentPart
from crossdock.kit.files import Invoice

_MOST_PARTS = 100_000
"""Parts of invoices whose totals are handed on."""


class InvoiceSums:
    """Every invoice of a file, in bounded memory."""

    def __init__(self) -> None:
        self.all = RunningTotal()
        """What all invoices come to, once it is concluded; before that those that were written out."""
        self._invoices: Sums[RunningTotal] = Sums(RunningTotal, leaving=self.all.count_in)
        self._parts: Sums[ShipmentPart] = Sums(ShipmentPart)
        self._has_statements = self._has_credits = False
        self._invoice = ""
        self.running = RunningTotal()
        """The present invoice."""
        self._of_file = (0, 0, totals.NO_GAP)
        """Checks of no single invoice: how many, failed, their gap."""

    def turn_to(self, invoice: str) -> None:
        """Turn to this invoice: what follows is of it."""
        self._invoice = invoice
        self.running = self._invoices.of(invoice)

    def meet(self, account: str | None, date: str | None, currency: str | None) -> None:
        """A record says this of the present invoice."""
        running = self.running
        if not running.rows:
            running.account, running.date, running.currency = account, date, currency
        else:
            running.meet("account", account)
            running.meet("date", date)
            running.meet("currency", currency)

    def credit(self, row: int) -> None:
        """The present invoice is a credit note, as this record says."""
        self._has_credits = True
        self.running.credit_row = self.running.credit_row or row

    def check(self, shipment: str, stated: Decimal, counted: Decimal, *, is_inner: bool) -> None:
        """A record of a shipment states a sum. is_inner: another check tells the gap."""
        running = self.running
        running.checks += 1
        if stated != counted:
            running.failed += 1
            if not is_inner:
                running.miss(shipment, stated - counted)

    def check_file(self, stated: Decimal, counted: Decimal) -> None:
        """The file states a sum that belongs to no single invoice."""
        checks, failed, gap = self._of_file
        self._of_file = checks + 1, failed + (stated != counted), gap + stated - counted

    def state(self, stated: Decimal | None, counted: Decimal, part: str | None) -> None:
        """A record says what the present invoice, or a part of it, comes to, and adds so much to it."""
        self._has_statements = True
        running = self.running
        if stated != running.stated:
            running.meet("stated", stated)
        running.counted += counted
        if part is not None:
            running.has_parts = True
            self._parts.of(f"{self._invoice}{APART}{part}").state(stated, counted)

    def conclude(self) -> None:
        """All records were read."""
        total = RunningTotal()
        total.count_in(self.all)
        for invoice in self._invoices.fresh():
            total.count_in(invoice)
        self.all = total
        for key, part in self._parts.items():
            number = key.partition(APART)[0]
            if self._invoices.get(number).is_by_part:
                self._invoices.of(number).check_part(part)

    def positive_credits(self) -> Iterator[tuple[str, int]]:
        """Credit notes without a negative amount: the invoice, and the record that says so."""
        if self._has_credits:
            for key, invoice in self._invoices.items():
                if invoice.credit_row and not invoice.has_negatives:
                    yield key, invoice.credit_row

    def invoices(self, *, is_split: bool) -> Iterator[Invoice]:
        """Each invoice, once all was read. is_split: other files may hold more of it."""
        parts: dict[str, dict[str, Decimal]] = {}
        for count, (key, part) in enumerate(self._parts.items()):
            number, _, name = key.partition(APART)
            if count < _MOST_PARTS and part.stated is not None and self._invoices.get(number).is_by_part:
                parts.setdefault(number, {})[name] = part.stated
        for key, running in self._invoices.items():
            yield totals.invoice(key, running, parts.get(key, {}), is_split=is_split)

    def verdict(self) -> tuple[int, int, Decimal]:
        """All checks, those that failed, and the gap."""
        checks, failed, gap = self._of_file
        invoices = (invoice for _, invoice in self._invoices.items()) if self._has_statements else (self.all,)
        for invoice in invoices:
            verdict = invoice.verdict()
            checks, failed, gap = checks + verdict[0], failed + verdict[1], gap + verdict[2]
        return checks, failed, gap

    def close(self) -> None:
        self._invoices.close()
        self._parts.close()
