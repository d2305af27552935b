"""The requests that the original documents show: read out of their code samples, in curl and in Python."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.conftest import SHARED

HOST = "https://production.trackstarhq.com"
_BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_CALL = re.compile(r"^(?:response = requests|with |while )", re.MULTILINE)
_URL = re.compile(re.escape(HOST) + r"(/[^\s\"'\\]*)")


@dataclass(frozen=True)
class Sample:
    """One request as it is printed."""

    place: str
    """The file and line of its block."""
    method: str
    target: str
    """Path and query."""
    body: Any = None

    def __str__(self) -> str:
        return f"{self.place} {self.method} {self.target.partition('?')[0]}"


def samples() -> list[Sample]:
    """All of them; none where the documents are not here."""
    return [
        sample
        for file in sorted(SHARED.glob("seeds/*.txt"))
        for sample in _of(file.stem[:3], file.read_text())
    ]


def _of(name: str, text: str) -> Iterator[Sample]:
    for block in _BLOCK.finditer(text):
        position = f"{name}:{text.count(chr(10), 0, block.start()) + 1}"
        code = block[2]
        if HOST in code and "curl " in code:
            yield _curl(position, code)
        elif block[1] == "python" and HOST in code and "requests." in code and "@app" not in code:
            yield _python(position, code)
    if "```" not in text:
        for number, sample in enumerate(text.split("curl ")[1:]):
            yield _curl(f"{name}:{number}", sample.partition("\n{")[0])
    two_parcels = text.partition("### Multi-Package Shipment")[2]
    if two_parcels:
        match = _BLOCK.search(two_parcels)
        assert match
        yield Sample(f"{name}:parcels", "POST", "/wms/orders/order_abc123/shipments", json.loads(match[2]))


def _curl(position: str, code: str) -> Sample:
    url = _URL.search(code)
    assert url, code
    method = re.search(r"(?:-X|--request)\s+(\w+)", code)
    body = re.search(r"(?:-d|--data)\s+'(.*?)'", code, re.DOTALL)
    return Sample(position, method[1] if method else "GET", url[1], json.loads(body[1]) if body else None)


def _python(position: str, code: str) -> Sample:
    url = _URL.search(code)
    assert url, code
    method = re.search(r"requests\.(?:request\(\"(\w+)\"|(get|post|put|patch|delete)\()", code)
    assert method, code
    values = {
        node.targets[0].id: node.value
        for node in ast.parse(_CALL.split(code)[0]).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    body = ast.literal_eval(values["payload"]) if "payload" in values else None
    return Sample(position, (method[1] or method[2]).upper(), url[1], body)
