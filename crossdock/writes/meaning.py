"""Pure: members of a body that would change what is done, and would be left out. They are refused.

Members that a system does not take are otherwise accepted and told as unused. These are not:

    another spelling      `zip_code` is postal_code; both may come when they agree
    vital                 a quantity, a place, what is sent: without it something else would be done
    at home elsewhere     `adjustment_type` in a batch, which only sets
    a slip of the pen     `quanity`, where there is no quantity
    about the request     `dry_run` in a body: the write would be done
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

import msgspec

from crossdock.errors import Invalid
from crossdock.kit.contract import Accepts
from crossdock.resources.schema import Resource
from crossdock.resources.writes import Write
from crossdock.writes.bodies import Schema
from crossdock.writes.check import MOST_FAULTS, Faults

OF_THE_REQUEST = {
    "dry_run": "belongs into the query: ?dry_run=true",
    "idempotency_key": "belongs into the header Idempotency-Key",
}
MOST_COMPARED = 200
"""Unknown names of a body that are compared with those that there are."""


def spelt_plainly(body: Mapping[str, Any], write: Write) -> dict[str, Any]:
    """The body with each member under its own name. Raises Invalid where two spellings differ."""
    plain = dict(body)
    faults: Faults = {}
    for path, name in write.spellings.items():
        above, _, spelling = path.rpartition(".")
        holder = plain.get(above) if above else plain
        if not isinstance(holder, Mapping) or spelling not in holder:
            continue
        if holder.get(name, holder[spelling]) != holder[spelling]:
            faults[path] = [f"must be the same as {name}, or left out: it is another spelling of that"]
        plain |= _respelt(holder, above, spelling, name)
    if faults:
        raise Invalid({"json": faults})
    return plain


def _respelt(holder: Mapping[str, Any], above: str, spelling: str, name: str) -> dict[str, Any]:
    """The member of the body that holds one under another spelling, with it under its own name."""
    value = holder[spelling]
    if not above:
        return {name: value}
    return {above: {name: value} | {key: member for key, member in holder.items() if key != spelling}}


def misread(body: Mapping[str, Any], write: Write, accepts: Accepts, schema: Schema) -> Faults:
    """The members that can't be left out, and would be. schema: of the body, open."""
    faults: Faults = {
        name: [why]
        for name, why in OF_THE_REQUEST.items()
        if name in body and name not in schema["properties"]
    }
    for path, why in _unheeded(write, accepts).items():
        faults |= {member: [why] for member in islice(_places_of(body, path), MOST_FAULTS)}
    slips = islice(_slips(body, schema, _names_of(write.resource), ""), MOST_COMPARED)
    for member, text in slips:
        if text and len(faults) < MOST_FAULTS:
            faults.setdefault(member, [f"is unknown; did you mean {text}?"])
    return faults


def _unheeded(write: Write, accepts: Accepts) -> Mapping[str, str]:
    """The members that this integration can't take and must not leave out: path → why."""
    elsewhere = {path: why for path, why in write.elsewhere.items() if path not in accepts.extra}
    paths = {*accepts.paths, *accepts.extra}
    vital = [path for path in write.vital if path not in paths]
    return elsewhere | dict.fromkeys(vital, "can't be heeded by this system: leave it out")


def _places_of(value: Any, path: str, at: str = "") -> Iterator[str]:
    """The places of a member: "line_items.quantity" may be at line_items.0.quantity and so on."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _places_of(item, path, f"{at}{number}.")
        return
    name, _, below = path.partition(".")
    if not isinstance(value, Mapping) or name not in value:
        return
    if not below:
        yield f"{at}{name}"
    else:
        yield from _places_of(value[name], below, f"{at}{name}.")


def _slips(
    value: Any, schema: Schema, elsewhere: frozenset[str], at: str
) -> Iterator[tuple[str, str | None]]:
    """Each unknown member with the one that was meant, or None."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _slips(item, schema.get("items", {}), elsewhere, f"{at}{number}.")
    elif isinstance(value, Mapping) and "properties" in schema:
        properties = schema["properties"]
        absent = [name for name in properties if name not in value]
        for name, member in value.items():
            if name in properties:
                yield from _slips(member, properties[name], elsewhere, f"{at}{name}.")
            elif name not in elsewhere:
                yield f"{at}{name}", _likely_member(name, absent)


def _likely_member(written: str, absent: Sequence[str]) -> str | None:
    """The member that was probably meant, of those that are not there."""
    return next((name for name in absent if is_slip(written, name)), None)


@cache
def _names_of(resource: Resource) -> frozenset[str]:
    """The names of a record's members: who reads one and writes it back means those."""
    _, definitions = msgspec.json.schema_components([resource.record])
    return frozenset(name for definition in definitions.values() for name in definition.get("properties", ()))


def is_slip(written: str, name: str) -> bool:
    """Check whether a name is likely a misspelling of another: `lineItems`, `quanity`; not `address3`."""
    if len(written) > len(name) + 4:
        return False
    text, other_text = (text.replace("_", "").replace("-", "").casefold() for text in (written, name))
    if text == other_text:
        return True
    if text.rstrip("0123456789") == other_text.rstrip("0123456789"):
        return False
    limit = 2 if len(other_text) >= 7 else 1
    return (
        len(other_text) >= 3
        and abs(len(text) - len(other_text)) <= limit
        and _distance(text, other_text) <= limit
    )


def _distance(texts: Sequence[str], other_texts: Sequence[str]) -> int:
    """The number of letters that were left out, added, changed or swapped with the next."""
    before: list[int] = []
    row = list(range(len(other_texts) + 1))
    for i, letter in enumerate(texts, 1):
        earlier, before, row = before, row, [i]
        for j, theirs in enumerate(other_texts, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != theirs))
            if i > 1 and j > 1 and letter == other_texts[j - 2] and texts[i - 2] == theirs:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
