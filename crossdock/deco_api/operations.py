"""The table of what is served as DecoNetwork's own API."""

from dataclasses import dataclass

from crossdock.web.operation import HttpOperation, Parameter

PREFIX = "/deconetwork"
CONNECTION = Parameter("connection_id", "path", "The connection whose ledger is read.")
FIND = "/{connection_id}/api/json/manage_inventory_events/find"


@dataclass(frozen=True)
class DecoOperation(HttpOperation):
    """One method of one path. All only read."""


OPERATIONS = (
    DecoOperation("GET", FIND, "events.find", "deconetwork.find", parameters=(CONNECTION,)),
    DecoOperation("POST", FIND, "events.find", "deconetwork.find-form", parameters=(CONNECTION,)),
)
