"""Pure: what a write is answered with. Stored documents go in as they lie there."""

from collections.abc import Sequence

from crossdock.resources.writes import Write
from crossdock.wire import encode


def answer(write: Write, ids: Sequence[str], documents: Sequence[bytes], unused: Sequence[str]) -> bytes:
    """The body. documents: of these ids; none where a word answers."""
    if write.answers == "records":
        return b'{"data":[%b],"unused_fields":%b}' % (b",".join(documents), encode(list(unused)))
    data = documents[0] if documents else b'"success"'
    return b'{"data":%b,"id":%b,"unused_fields":%b}' % (data, encode(ids[0]), encode(list(unused)))
