"""A customer's backend in one file: it has the API key, and makes the calls that need one.

    CROSSDOCK_URL=http://127.0.0.1:8080 CROSSDOCK_API_KEY=… python examples/backend.py examples/vanilla

Serves the files of a folder on http://localhost:3000, under the strict policy that docs/connect.md shows. It
needs Python only.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DEVELOPMENT_URL = "http://127.0.0.1:8080"
"""The address that the pages have in them."""


@dataclass
class Shop:
    """What the backend knows."""

    folder: str
    crossdock: str = DEVELOPMENT_URL
    api_key: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    """Access tokens by connection: they never leave the backend. Keep yours in your database, encrypted."""

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """The answer of Crossdock, as JSON."""
        headers = {"x-trackstar-api-key": self.api_key, "content-type": "application/json"}
        if token:
            headers["x-trackstar-access-token"] = token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.crossdock}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def link_token(self) -> Any:
        """A link token, for one opening of the window. Ask for it only for users who are signed in to you."""
        return {"link_token": self.call("POST", "/link/token", {})["link_token"]}

    def exchange(self, auth_code: str) -> Any:
        """The connection that a code stands for; its access token stays here."""
        connection = self.call("POST", "/link/exchange", {"auth_code": auth_code})
        self.tokens[connection["connection_id"]] = connection["access_token"]
        return {name: connection[name] for name in ("connection_id", "integration_name")}

    def orders(self, connection_id: str) -> Any:
        """The first orders of a warehouse, once they are there."""
        page = self.call("GET", "/wms/orders?limit=5", token=self.tokens[connection_id])
        return [{name: order[name] for name in ("order_number", "status")} for order in page["data"]]


class Handler(SimpleHTTPRequestHandler):
    """Two calls for the page, the orders, and files."""

    shop: Shop

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, directory=self.shop.folder)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/link-token":
            self.answer(self.shop.link_token)
        elif self.path == "/exchange":
            self.answer(lambda: self.shop.exchange(json.loads(body)["auth_code"]))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_GET(self) -> None:
        place, _, connection_id = self.path.rpartition("/")
        if place == "/orders":
            self.answer(lambda: self.shop.orders(connection_id))
        elif self.path == "/":
            page = (
                Path(self.shop.folder, "index.html").read_text().replace(DEVELOPMENT_URL, self.shop.crossdock)
            )
            self.reply(HTTPStatus.OK, "text/html; charset=utf-8", page.encode())
        else:
            super().do_GET()

    def answer(self, work: Any) -> None:
        """Answer with what the work gives, as JSON."""
        try:
            status, value = HTTPStatus.OK, work()
        except urllib.error.HTTPError as refusal:
            status, value = HTTPStatus.BAD_GATEWAY, {"error": f"Crossdock answered with {refusal.code}"}
        except (KeyError, ValueError):
            status, value = HTTPStatus.BAD_REQUEST, {"error": "this is not known here"}
        self.reply(status, "application/json", json.dumps(value).encode())

    def reply(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        server = self.shop.crossdock
        self.send_header(
            "content-security-policy",
            f"default-src 'self'; script-src 'self' {server}; frame-src {server}; base-uri 'none'",
        )
        super().end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Say nothing of each request."""


def backend(shop: Shop, port: int) -> ThreadingHTTPServer:
    """The server; `serve_forever` has it begin."""
    return ThreadingHTTPServer(("127.0.0.1", port), type("ShopHandler", (Handler,), {"shop": shop}))


if __name__ == "__main__":
    folder = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parent / "vanilla")
    shop = Shop(folder, os.environ.get("CROSSDOCK_URL", DEVELOPMENT_URL), os.environ["CROSSDOCK_API_KEY"])
    port = int(os.environ.get("PORT", "3000"))
    print(f"http://localhost:{port}")
    backend(shop, port).serve_forever()
