"""What is asked and answered about erasing people."""

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from crossdock.api.schemas import Body, Reply
from crossdock.resources.common import Timestamp

Longest = Meta(max_length=500)


class ErasureBody(Body, kw_only=True):
    """Whom to erase. Each field recognises by itself; a name with an address only together."""

    email: Annotated[str, Longest, Meta(description="Found regardless of case.")] | None = None
    phone: Annotated[str, Longest, Meta(description="Its digits count: seven at least.")] | None = None
    name: Annotated[str, Longest, Meta(description="Found word by word, regardless of case.")] | None = None
    address: Annotated[str, Longest, Meta(description="Street and number, to narrow down a name.")] | None = (
        None
    )
    reference_ids: Annotated[
        list[Annotated[str, Longest]],
        Meta(
            max_length=10_000,
            description="Ids of orders or customers, as they stand in records. Everybody in such a record is "
            "meant; the ids stay.",
        ),
    ] = field(default_factory=list)
    everyone: Annotated[bool, Meta(description="Everybody in the records of the connection.")] = False
    connection_id: Annotated[str, Meta(description="Only in this connection.")] | None = None
    dry_run: Annotated[bool, Meta(description="Change nothing: tell what is held, and where.")] = False


class ErasureDigest(Reply, kw_only=True):
    kind: str
    digest: Annotated[
        str, Meta(description="Keyed: the same for the same value in this organization, and no way back.")
    ]


class ErasureExample(Reply, kw_only=True):
    """A place where something of the person stands."""

    place: str
    connection_id: str | None
    id: Annotated[str, Meta(description="Of a record: its list and its id.")]
    fields: Annotated[dict[str, str], Meta(description="Which, by path, each with its first letter.")]


class Erasure(Reply, kw_only=True):
    """An erasure, or what one would change. It never holds the values."""

    id: str
    mode: Literal["erase", "show"]
    state: Annotated[
        Literal["running", "settling", "done"],
        Meta(description="settling: all was gone through, and is once more when nothing older runs."),
    ]
    source: Literal["api", "command_line", "notice"]
    requested_by: str
    kinds: Annotated[list[str], Meta(description="The fields that the request had.")]
    digests: list[ErasureDigest]
    counts: Annotated[dict[str, int], Meta(description="How many were masked, or would be, by place.")]
    examples: Annotated[list[ErasureExample], Meta(description="Of dry runs: where, up to 500.")]
    progress: Annotated[str, Meta(description="What is gone through now.")]
    created_date: Timestamp
    updated_date: Timestamp
    ended_date: Timestamp | None


class ErasureItem(Reply, kw_only=True):
    data: Erasure


class ErasureList(Reply, kw_only=True):
    data: list[Erasure]
    next_token: Annotated[str | None, Meta(description="Null on the last page.")]
    total_count: Annotated[int, Meta(description="How many there are on this page.")]


EXAMPLE: dict[str, Any] = {"email": "maria@example.com", "dry_run": True}
