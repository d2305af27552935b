"""How a write of ours is one call to a simulated system, and how that is asked for when its answer was lost.

Every call carries a reference of ours, the same however often the same write is tried. Pure.
"""

import hashlib
from collections.abc import Generator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from crossdock.kit.contract import Call, Command, Json, Search, Steps


def reference(command: Command) -> str:
    """Hash what tells one write from every other: what was asked for, and when that was first."""
    values = (command.action, command.record_id, command.body, command.begun)
    return hashlib.blake2b(_encode(values), digest_size=16).hexdigest()


def one_call(command: Command, path: str, body: Json, *, method: str = "POST", key: str = "uid") -> Steps:
    """Make the call unless it is known to have been made; give the id of what it made."""
    if command.found:
        return command.found
    answer = yield Call(method, path, body, {"request": reference(command)})
    return str(answer[key])


def find(command: Command) -> Search:
    """Find what a call with this write's reference has made, or None."""
    return _find(reference(command))


def _find(text: str) -> Generator[Call, Json, str | None]:
    answer = yield Call("GET", "/requests", params={"id": text}, asks=True)
    return str(answer["records"][0]["made"][0]) if answer["records"] else None


def vendor_members(body: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The members of a body that are there, by the vendor's names; amounts as texts, which are exact."""
    return {theirs: _exact(body[ours]) for ours, theirs in names.items() if ours in body}


def without_none(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _exact(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal | float) else value


def _encode(value: Any) -> bytes:
    return msgspec.json.encode(value, order="sorted")
