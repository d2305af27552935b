"""The words of the API: outcome codes, fields, conditions and reasons. Pure."""

from collections.abc import Mapping
from typing import Literal

from crossdock.errors import RequestError

SUCCESS = 10001
AUTHENTICATION_FAILED = 30001
NOT_ENABLED = 31000
NO_CONDITIONS = 50002
BAD_CONDITION = 50003
BAD_PAGE = 50004
BAD_PARAMETERS = 50005
CODES = (
    SUCCESS,
    AUTHENTICATION_FAILED,
    NOT_ENABLED,
    NO_CONDITIONS,
    BAD_CONDITION,
    BAD_PAGE,
    BAD_PARAMETERS,
)
"""All that are answered. 40004, an unknown product, is of searches for products: it never comes here."""

Column = Literal["date", "number"]
FIELDS: Mapping[str, Column] = {"1": "date", "2": "number"}
"""By field code, which `sortby` takes too: when it happened, and the number of its item."""
EQUAL, OTHER, LESS, GREATER, AT_MOST, AT_LEAST, BETWEEN = "1234567"
CONDITIONS = (EQUAL, OTHER, LESS, GREATER, AT_MOST, AT_LEAST, BETWEEN)

CHANGE_TYPES: Mapping[str, int] = {
    "inbound_receipt": 4,
    "other": 100,
    "adjustment": 101,
    "return_receipt": 102,
    "order_shipment": 103,
    "supplier_return": 104,
    "movement": 105,
}
"""By event type of ours. Of the API's own reasons only 4 is published: the others are out of its way."""


class DecoRefused(RequestError):
    """A request that is not as the API wants it. outcome: the code that says so, with HTTP status 200."""

    http_status = 200

    def __init__(self, outcome: int, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
