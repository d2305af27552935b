"""Bodies and answers about what no field of ours holds."""

from typing import Annotated, Any

from msgspec import Meta

from crossdock.api.schemas import Body, Reply
from crossdock.kit.additional import CustomField


class DeclaredCustomFields(Body, kw_only=True):
    """The custom fields of a connection."""

    custom_fields: Annotated[
        dict[str, dict[str, CustomField]],
        Meta(description="By resource (orders) and name; they stand in additional_fields.custom_fields."),
    ]


class RawRecord(Reply, kw_only=True):
    """A record as it came."""

    data: Annotated[dict[str, Any], Meta(description="The record as the connected system sent it.")]
