"""Whom to erase, as callers and vendors say it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

ErasureMode = Literal["erase", "show"]
"""show: nothing is changed; it is told what would be."""


class ErasureSubject(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A person, by any of what they go by; or everyone of a connection. Each field recognises by itself."""

    email: Annotated[str | None, Meta(description="Regardless of case.")] = None
    phone: Annotated[str | None, Meta(description="Its digits count, at least seven.")] = None
    name: Annotated[
        str | None, Meta(description="Word by word, regardless of case. With an address both must be met.")
    ] = None
    address: Annotated[
        str | None, Meta(description="The street and number; narrows down a name, and stands with one only.")
    ] = None
    reference_ids: Annotated[
        list[str],
        Meta(
            description="Ids of orders or customers, as they stand in records: everybody in such a record is "
            "meant. The ids themselves stay."
        ),
    ] = []
    everyone: Annotated[
        bool, Meta(description="Everybody in the records of the connection: a shop is erased.")
    ] = False
    connection_id: Annotated[
        str | None, Meta(description="Only in this connection; null: in all of the organization.")
    ] = None

    @property
    def is_empty(self) -> bool:
        """Check whether it names nobody."""
        return not (self.email or self.phone or self.name or self.reference_ids or self.everyone)


class ErasureRequest(msgspec.Struct, kw_only=True, frozen=True):
    """A vendor's request about people in a shop, as its webhook tells it."""

    subject: ErasureSubject
    mode: ErasureMode = "erase"
