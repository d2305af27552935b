"""What a claim on a finding needs: until when it can be made, evidence in words, and a row of CSV. Pure.

No carrier publishes the columns of a file for many claims at once. These are what a written claim needs: any
claim desk, and any service provider, can read them.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from crossdock.invoices.claim_desks import ClaimDesk
from crossdock.people.audit_export import safe
from crossdock.store.carriers.findings import StoredFinding
from crossdock.wire import stamp_seconds

DAY = 86_400
LAST_DAY = 253_402_214_400
"""The last day that there is: of the year 9999."""
LONGEST_REASON = 80
"""Characters that claim desks take as a reason."""
COLUMNS: Final = (
    "tracking_number", "ship_date", "invoice_number", "invoice_date", "account", "service", "charges",
    "billed_amount", "expected_amount", "difference", "currency", "reason", "evidence", "rule", "direction",
    "certainty", "claim_until", "order_numbers", "state", "note", "recovered_amount", "finding_id",
)  # fmt: skip
_NO_EVIDENCE = ("line_items", "members", "outbound", "originals", "refund")
"""Details that have columns of their own, or are lists of charges or findings."""
_MOST_LINE_ITEMS = 100


def way_to_claim(finding: StoredFinding, desk: ClaimDesk) -> tuple[str | None, str | None]:
    """How, and until when, a finding can be claimed; None twice: there is nothing to claim."""
    if finding.direction not in ("recoverable", "to_look_at") or Decimal(finding.amount) <= 0:
        return None, None
    return desk.how, claim_until(finding, desk)


def claim_until(finding: StoredFinding, desk: ClaimDesk) -> str | None:
    """The last day on which the carrier takes a claim; None: none is published, or a date is missing."""
    days = desk.days_of(finding.rule)
    begin = finding.charged_on if desk.counted_from == "shipment" else finding.invoiced_on
    if days is None or not begin or begin + days * DAY > LAST_DAY:
        return None
    return stamp_seconds(begin + days * DAY)


def is_group(finding: Mapping[str, Any]) -> bool:
    """Check whether a finding shows others as one."""
    return "members" in finding["details"]


def has_charges(finding: Mapping[str, Any]) -> bool:
    """Check whether a finding is about charges: it shows no others as one, and judges something."""
    return not is_group(finding) and finding["rule"] != "not_judged"


def evidence_of(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The facts that a finding rests on, as (name, text)."""
    return list(_evidence(details))


def _evidence(details: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in details.items():
        if name in _NO_EVIDENCE or value is None or value == []:
            continue
        words = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _evidence(value, f"{name} ")
        elif isinstance(value, list):
            yield words, " × ".join(map(str, value))
        else:
            yield words, str(value)


def claim_row(finding: Mapping[str, Any]) -> list[str]:
    """The cells of a finding, as the API has it, in the order of `COLUMNS`; no cell is a formula."""
    details, claim = finding["details"], finding["claim"] or {}
    items = details.get("line_items", [])
    billed, expected = _amounts(items, finding["amount"])
    values = {
        "tracking_number": finding["tracking_number"],
        "ship_date": _date(finding["charged_date"]),
        "invoice_number": finding["invoice_id"] or _joined(item["invoice_id"] for item in items),
        "invoice_date": _date(finding["invoice_date"]),
        "account": finding["account_id"],
        "service": finding["service"],
        "charges": _joined(item["charge_description"] for item in items),
        "billed_amount": billed,
        "expected_amount": expected,
        "difference": finding["amount"],
        "currency": finding["currency"],
        "reason": _reason(finding["message"]),
        "evidence": "; ".join(f"{name}: {text}" for name, text in evidence_of(details)),
        "rule": finding["rule"],
        "direction": finding["direction"],
        "certainty": finding["certainty"],
        "claim_until": _date(finding["claim_until"]),
        "order_numbers": _joined(order["order_number"] or order["order_id"] for order in finding["orders"]),
        "state": claim.get("state", "open"),
        "note": claim.get("note", ""),
        "recovered_amount": claim.get("amount") if claim.get("state") == "recovered" else None,
        "finding_id": finding["id"],
    }
    return ["" if values[name] is None else safe(str(values[name])) for name in COLUMNS]


def _amounts(items: list[Mapping[str, Any]], difference: Any) -> tuple[Any, Any]:
    """The amount billed and the one expected; None where the charges shown do not say it."""
    nets = [item["net_cost"] for item in items]
    if not nets or None in nets or len(nets) >= _MOST_LINE_ITEMS:
        return None, None
    billed = sum(nets)
    return (billed, billed - difference) if billed >= difference else (None, None)


def _reason(message: str) -> str:
    return message if len(message) <= LONGEST_REASON else f"{message[: LONGEST_REASON - 1]}…"


def _joined(texts: Iterable[str | None]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))


def _date(stamp: str | None) -> str | None:
    return None if stamp is None else stamp[:10]
