"""Ids of line items: the same charge gets the same id whenever, and in whichever file, it is read again."""

from hashlib import blake2b

from crossdock.invoices.spill import Occurrences, Seen, counted

APART = "\x1f"
"""Between the parts of a key: no cell has it."""
_MOST_LABELS = 5000
"""Real files have dozens."""
_FIRST_MARK = 33


class ChargeIds:
    """Made of carrier, account, invoice, shipment and kind of charge, and of how often that came before."""

    def __init__(self, carrier: str) -> None:
        self._carrier = carrier
        self._prefix = self._shipment = ""
        self.digest = ""
        """Of the present shipment."""
        self._labels: dict[str | None, tuple[str, str]] = {}
        self._occurrences = Occurrences()
        self._seen: Seen = ""

    def turn_to_invoice(self, account: str | None, invoice: str | None) -> None:
        """The next shipments are on this invoice."""
        self._prefix = f"{self._carrier}{APART}{account or ''}{APART}{invoice or ''}{APART}"

    def turn_to_shipment(self, native: str | None, tracking: str | None) -> None:
        """The next charges are of this shipment. native: what the carrier calls it."""
        shipment = f"{self._prefix}{native or ''}{APART}{tracking or ''}"
        if shipment != self._shipment:
            self._shipment = shipment
            self.digest = digest = blake2b(shipment.encode(), digest_size=12).hexdigest()
            self._seen = self._occurrences.turn_to(digest, self._seen)

    def next_id(self, kind: str | None) -> tuple[str, int]:
        """The id of the shipment's next charge of this kind, and its number among those of the kind."""
        label, value = self._labels.get(kind), self._seen
        if label is not None and isinstance(value, str) and label[0] not in value:
            # As nearly always: the first of its kind in the shipment.
            self._seen = value + label[0]
            return self.digest + label[1], 1
        mark, digest = label or self._new_label(kind)
        self._seen, count = counted(value, mark)
        return (self.digest + digest if count == 1 else f"{self.digest}{digest}-{count}"), count

    def close(self) -> None:
        self._occurrences.close()

    def _new_label(self, kind: str | None) -> tuple[str, str]:
        """A mark for counting, and the end of ids: of a charge of this kind."""
        digest = blake2b((kind or "").encode(), digest_size=6).hexdigest()
        if len(self._labels) >= _MOST_LABELS:
            return digest, digest
        label = self._labels[kind] = chr(_FIRST_MARK + len(self._labels)), digest
        return label
