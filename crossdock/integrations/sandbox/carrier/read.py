"""Charges of the sandbox carriers' files → our line items."""

from crossdock.integrations.invoices.fields import invoice_line_item

__all__ = ["invoice_line_item"]
