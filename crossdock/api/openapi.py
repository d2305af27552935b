"""The OpenAPI 3.1 document of this server, made from the table of operations and the resources.

`python -m crossdock.api.openapi > docs/openapi.json` writes the copy that is kept in git: its diff is
the review of every change to the API.
"""

import json
import sys
from functools import lru_cache
from importlib.metadata import version as installed_version
from typing import Any

import msgspec

from crossdock.api import openapi_webhooks
from crossdock.api.openapi_paths import SECURITY_SCHEMES, answers, headers, parameters, paths
from crossdock.api.openapi_schemas import components

DOCUMENTED_URL = "http://127.0.0.1:8080"
"""Where `make run` serves; the address in the copy in git."""

DESCRIPTION = """\
One API for the warehouse systems, shops, carriers and freight forwarders of your customers.

**Access.** `x-trackstar-api-key` is your organization's key, `x-trackstar-access-token` the token of one
connection, that is of one customer's system. Every answer has an `X-Request-Id`.

**Lists** come in pages of up to 1000, sorted by id, or by a date when they are filtered by a range of it.
Send `next_token` back as `page_token`, with the same filters, until it is null.

**Filters** are `field=value` or `field[operator]=value`, and all hold together. `in` and `nin` take up to
100 values, separated by commas. Dates are UTC, `YYYY-MM-DDTHH:MM:SSZ`. An unknown filter is an error.

**Errors** are `{error, origin}`: `origin` is `trackstar` for this server and `integration` for the
connected system. 422 adds `detail`, with everything that is wrong by place and field; 404 adds `id`.
"""


def document(base_url: str, version: str) -> dict[str, Any]:
    """The whole document. base_url: where clients reach this server; version: of Crossdock."""
    described = paths()
    tags = dict.fromkeys(
        tag for methods in described.values() for method in methods.values() for tag in method["tags"]
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Crossdock",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "security": [{"ApiKey": [], "AccessToken": []}],
        "tags": [{"name": tag} for tag in tags],
        "paths": described,
        "webhooks": openapi_webhooks.webhooks(),
        "components": {
            "securitySchemes": SECURITY_SCHEMES,
            "parameters": parameters(),
            "headers": headers(),
            "responses": answers(),
            "schemas": components() | openapi_webhooks.schemas(),
        },
    }


@lru_cache(maxsize=8)
def document_bytes(base_url: str, version: str) -> bytes:
    """The document as it is served, made once."""
    return msgspec.json.encode(document(base_url, version))


def text(version: str) -> str:
    """The copy in docs/openapi.json."""
    return json.dumps(document(DOCUMENTED_URL, version), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text(installed_version("crossdock")))
