"""What a carrier's folder gives to the reading of its files, found by walking the folders.

layout.py     `LAYOUTS`: the forms of its invoices; a folder without one reads those of any carrier
charges.py    `CHARGES`: its vocabulary; where there is none, each charge is `other`
client.py     `Source`: where its files are fetched from, if it fetches them itself
"""

from dataclasses import dataclass
from functools import cache

from crossdock.invoices.charges import ChargeVocabulary
from crossdock.invoices.claim_desks import NOWHERE, ClaimDesk
from crossdock.invoices.layout import Layout
from crossdock.kit.contract import Context
from crossdock.kit.file_sources import FileSource
from crossdock.kit.registry import Integration, integrations_of


@dataclass(frozen=True)
class InvoiceCarrier:
    """A carrier whose invoices can be read."""

    slug: str
    name: str
    layouts: tuple[Layout, ...]


@cache
def carriers() -> tuple[InvoiceCarrier, ...]:
    """All carriers whose folder has a layout."""
    return tuple(
        InvoiceCarrier(integration.slug, integration.manifest.name, layouts_of(integration))
        for integration in integrations_of("carrier")
        if integration.has("layout")
    )


def layouts_of(integration: Integration) -> tuple[Layout, ...]:
    """The forms of its invoices, none where it has no layout of its own."""
    if not integration.has("layout"):
        return ()
    layouts: tuple[Layout, ...] = integration.module("layout").LAYOUTS
    return layouts


def vocabulary_of(integration: Integration) -> ChargeVocabulary:
    """The things that a carrier charges for, and where its files say what."""
    if not integration.has("charges"):
        return ChargeVocabulary()
    vocabulary: ChargeVocabulary = integration.module("charges").CHARGES
    return vocabulary


def claim_desk_of(integration: Integration) -> ClaimDesk:
    """The claim desk of a carrier, and until when it takes claims."""
    if not integration.has("charges"):
        return NOWHERE
    desk: ClaimDesk = getattr(integration.module("charges"), "CLAIMS", NOWHERE)
    return desk


def carrier_read_by(slug: str) -> str | None:
    """The carrier whose files an integration reads: itself, if it has layouts; None: any carrier."""
    return slug if any(carrier.slug == slug for carrier in carriers()) else None


def source_of(integration: Integration, context: Context) -> FileSource:
    """The source of its files, for integrations that fetch them themselves."""
    source: FileSource = integration.module("client").Source(context)
    return source
