"""Pure: the channels of events, and which of them an endpoint is for.

The message of an event has the channels `connection:<id>` and, where somebody said whose system it is,
`customer:<id>`, as it was when the event happened. A customer's id may hold anything and a channel may not:
what it can't hold stands in it as `+` and two hexadecimal digits for each byte. One that is too long so is
`+sha256:` and the digest of the id.
"""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

CONNECTION, CUSTOMER = "connection:", "customer:"
LONGEST = 128

_ESCAPED = re.compile(r"[^a-zA-Z0-9\-_.]")


@lru_cache(4096)
def customer_key(customer_id: str | None) -> str | None:
    """A customer's id as a channel can hold it, behind `customer:`; None: nobody said whose system it is."""
    if customer_id is None:
        return None
    raw = customer_id.encode("utf-8", "surrogatepass")
    text = _ESCAPED.sub(
        lambda match: "".join(f"+{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass")),
        customer_id,
    )
    if text and len(CUSTOMER) + len(text) <= LONGEST:
        return text
    return f"+sha256:{hashlib.sha256(raw).hexdigest()}"


def of_event(connection: str | None, customer: str | None) -> tuple[str, ...] | None:
    """The channels of an event. customer: as `customer_key` has it."""
    texts = [] if connection is None else [CONNECTION + connection]
    if customer is not None:
        texts.append(CUSTOMER + customer)
    return tuple(texts) or None


@lru_cache(1024)
def scope_of(connections: str | None, customers: str | None) -> frozenset[str] | None:
    """The channels of what an endpoint is for, from JSON lists of ids; None: it is for all.

    With both lists it is for what is in either; with an empty one for nothing yet.
    """
    if connections is None and customers is None:
        return None
    texts = [CONNECTION + uid for uid in _ids(connections)]
    texts += [f"{CUSTOMER}{customer_key(customer_id)}" for customer_id in _ids(customers)]
    return frozenset(texts)


def _ids(text: str | None) -> Iterable[str]:
    ids: list[str] = [] if text is None else msgspec.json.decode(text)
    return ids


def are_of_events(channels: Iterable[str]) -> bool:
    """Check whether channels name connections and customers, and nothing else."""
    return all(channel.startswith((CONNECTION, CUSTOMER)) for channel in channels)


def condition(channel: str) -> tuple[str, str] | None:
    """A condition that events `m` of connections `c` have a channel, and its value; None: no event has."""
    if channel.startswith(CONNECTION):
        return "c.uid = ?", channel.removeprefix(CONNECTION)
    if channel.startswith(CUSTOMER):
        return "m.customer = ?", channel.removeprefix(CUSTOMER)
    return None
