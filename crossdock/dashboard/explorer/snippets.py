"""Pure: a request of the API → the same in languages that people copy it to. Keys are named, never shown."""

import json
import shlex
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import msgspec

KEY, TOKEN = "CROSSDOCK_API_KEY", "CROSSDOCK_ACCESS_TOKEN"
HEADERS = {"x-trackstar-api-key": KEY, "x-trackstar-access-token": TOKEN}


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
    return ApiRequest(
        method="GET", url=url, curl=_curl(url), python=_python(url), typescript=_typescript(url)
    )


def _curl(url: str) -> str:
    lines = [f'-H "{name}: ${variable}"' for name, variable in HEADERS.items()]
    return " \\\n  ".join([f"curl -g {shlex.quote(url)}", *lines])


def _python(url: str) -> str:
    fields = "".join(f'        "{name}": os.environ["{variable}"],\n' for name, variable in HEADERS.items())
    return (
        "import os\n\nimport httpx\n\nanswer = httpx.get(\n"
        f"    {json.dumps(url)},\n    headers={{\n{fields}    }},\n)\nanswer.raise_for_status()\n"
        "print(answer.json())"
    )


def _typescript(url: str) -> str:
    fields = "".join(f'    "{name}": process.env.{variable}!,\n' for name, variable in HEADERS.items())
    return (
        f"const answer = await fetch({json.dumps(url)}, {{\n  headers: {{\n{fields}  }},\n}});\n"
        "if (!answer.ok) throw new Error(await answer.text());\nconsole.log(await answer.json());"
    )
