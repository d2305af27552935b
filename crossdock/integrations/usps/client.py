"""USPS delivers files: what they hold, by `layout`."""

from crossdock.integrations.contract import Context
from crossdock.integrations.invoices.client import InvoiceClient


class Client(InvoiceClient):
    """The charges of the files that were received."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, "usps")
