"""Records → responses. A stored document is sent as it lies there: nothing is parsed."""

from crossdock.web.responses import PiecewiseResponse


def record_page(spliced: bytes, count: int, next_token: str | None) -> PiecewiseResponse:
    """A list. spliced: its records, with commas between; next_token: base64url, so it needs no escaping."""
    token = b"null" if next_token is None else b'"%b"' % next_token.encode("ascii")
    return PiecewiseResponse(b'{"data":[', spliced, b'],"next_token":%b,"total_count":%d}' % (token, count))


def single_record(document: bytes) -> PiecewiseResponse:
    """A single record."""
    return PiecewiseResponse(b'{"data":', document, b"}")
