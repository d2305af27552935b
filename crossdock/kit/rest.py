"""What the clients of REST vendors have in common: a base to inherit from.

    class Client(RestClient):
        def __init__(self, context: Context) -> None:
            http = context.http.signed(bearer(context.credentials["token"]))
            super().__init__(http, "https://api.acme.example/v2")

        async def order(self, record_id: str) -> Raw:
            return await self.read_one("/orders", record_id)

What is left to the vendor's own client are its walks and `check`.
"""

from collections.abc import Mapping
from typing import Any, Unpack
from urllib.parse import quote

from crossdock.errors import NotFound, VendorError, VendorNonsense, VendorRefused
from crossdock.kit.contract import Call, Json, PassthroughCall, Raw, WireRequest
from crossdock.kit.http import Http, Response, SendOptions

NOT_FOUND = 404
GONE = 410


class RestClient:
    """Calls below one base URL, JSON in and out."""

    def __init__(self, http: Http, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        self.http = http
        self.base_url = base_url.rstrip("/")
        self.headers = {"Accept": "application/json", **(headers or {})}

    def refusal(self, answer: Response) -> VendorError | None:  # noqa: ARG002  for vendors to override
        """The error that an answer is, whatever its status; None: its status says it.

        For vendors that say `{"success": false}` with 200, or 403 for "slow down".
        """
        return None

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **options: Unpack[SendOptions],
    ) -> Response:
        """The answer to one call, as `Http.send` makes it. Raises the VendorError that it means."""
        options.setdefault("refusal", self.refusal)
        all_headers = {**self.headers, **(headers or {})}
        return await self.http.send(method, self.url(path), headers=all_headers, **options)

    async def get(self, path: str, **params: Any) -> Json:
        """The decoded answer to a GET."""
        return (await self.send("GET", path, params=params)).json()

    async def read_one(self, path: str, record_id: str, **params: Any) -> Raw:
        """The record below a path. Raises NotFound when the vendor says that there is none."""
        try:
            record = await self.get(f"{path}/{quote(record_id, safe='')}", **params)
        except VendorRefused as refused:
            if refused.status not in (NOT_FOUND, GONE):
                raise
            raise NotFound(f"there is no {path}/{record_id}", record_id=record_id) from refused
        if not isinstance(record, dict):
            raise VendorNonsense(f"wanted an object at {path}/{record_id}, got {type(record).__name__}")
        return record

    # What writes, dry runs and callers' own calls need

    async def call(self, call: Call) -> Json:
        """Carry out a step of a write; None where the answer is empty."""
        answer = await self.send(
            call.method, call.path, params=call.params, json=call.body, repeatable=call.asks
        )
        return answer.json() if answer.body.strip() else None

    def wire_request(self, call: Call) -> WireRequest:
        """A step of a write as it would be sent, without what signs it."""
        headers = dict(self.headers)
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        return WireRequest(call.method, self.url(call.path), headers, call.body)

    def shown(self, call: Call) -> WireRequest:
        """The same under the contract's name."""
        return self.wire_request(call)

    async def passthrough(self, call: PassthroughCall) -> Response:
        """The vendor's answer to a caller's own call, whatever it is."""
        return await self.http.pass_on(
            call.method,
            self.url(call.path),
            params=call.params,
            headers={**self.headers, **call.headers},
            body=call.body,
        )

    def url(self, path: str) -> str:
        """The URL of a path, or of a link that the vendor gave: it must lead below the base URL."""
        if path.startswith("/"):
            return f"{self.base_url}{path}"
        if path.startswith(f"{self.base_url}/"):
            return path
        raise VendorNonsense(f"{path[:200]!r} is not below {self.base_url}")
