"""Findings as they are stored, and what makes one the same in the next audit. Pure."""

from crossdock.audit.findings import Finding
from crossdock.store.carriers.findings import StoredFinding
from crossdock.wire import encoder, hashed


def finding_id(rule: str, key: tuple[str, ...]) -> str:
    """The id of a finding: equal for equal keys."""
    return f"find_{hashed(rule.encode(), *(part.encode() for part in key)).hex()}"


def stored(finding: Finding, now_ms: int) -> StoredFinding:
    """A finding as it is stored."""
    return StoredFinding(
        id=finding_id(finding.rule, finding.key),
        rule=finding.rule,
        amount=format(finding.amount, "f"),
        currency=finding.currency,
        tracking_number=finding.tracking_number,
        account_id=finding.account_id,
        invoice_id=finding.invoice_id,
        message=finding.message,
        detail=encoder.encode(finding.detail).decode(),
        first_ms=now_ms,
        direction=finding.direction,
        certainty=finding.certainty,
        charged_on=finding.charged_on,
        invoiced_on=finding.invoiced_on,
        service=finding.service,
        zone=finding.zone,
        group_key=encoder.encode(finding.group).decode() if finding.group else None,
    )
