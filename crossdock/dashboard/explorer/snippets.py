"""Pure: a page's address → the request of the API that gives the same."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

import msgspec

from crossdock.dashboard.snippets import CodeRequest, as_curl, as_python, as_typescript

HEADERS = ("x-trackstar-api-key", "x-trackstar-access-token")


class ApiRequest(msgspec.Struct, kw_only=True):
    """A request, and how it is written elsewhere."""

    method: str
    url: str
    curl: str
    python: str
    typescript: str


def get_request(base: str, raw_path: str, query: Mapping[str, str]) -> ApiRequest:
    """The GET of a path. raw_path: as it is sent, with its ids escaped."""
    url = f"{base.rstrip('/')}{raw_path}"
    if query:
        url += f"?{urlencode(query, quote_via=quote, safe='[]:,')}"
    sent = CodeRequest("GET", url, HEADERS)
    return ApiRequest(
        method="GET", url=url, curl=as_curl(sent), python=as_python(sent), typescript=as_typescript(sent)
    )
