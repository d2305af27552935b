"""The two feeds of Royal Mail put together: charges of orders, and the parcels of these orders. Pure.

An order's charge is divided evenly among its parcels, exactly: the shares add up to it. What comes out has
the 16 columns of the file in which both are combined.
"""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Context, Decimal, localcontext
from hashlib import blake2b

from crossdock.kit.contract import Raw
from crossdock.kit.files import Parcel

SMALLEST = Decimal("1E-15")
"""What shares that would never end are cut off to; the last ones take what is left."""
_EXACT = Context(prec=80)


def divided(record: Raw, parcels: Sequence[Parcel]) -> list[Raw]:
    """A charge as one record for each of its parcels; the charge itself while none is known.

    The first parcel keeps the id of the charge: a charge that was there before is completed, not replaced.
    """
    code = record["charge_code"]
    own_parcels = [parcel for parcel in parcels if parcel.product_code in (None, code)]
    if not own_parcels:
        return [record]
    net = shares(Decimal(record["net_cost"]), len(own_parcels))
    gross = shares(Decimal(record["gross_cost"]), len(own_parcels))
    costs = zip(own_parcels, net, gross, strict=True)
    return [_share(record, parcel, position, *cost) for position, (parcel, *cost) in enumerate(costs)]


def shares(amount: Decimal, count: int) -> list[Decimal]:
    """An amount in equal parts that add up to it, to the last digit."""
    with localcontext(_EXACT):
        share = amount / count
        if share * count == amount and -share.as_tuple().exponent <= 15:  # type: ignore[operator]
            return [share] * count
        share = share.quantize(SMALLEST, ROUND_DOWN)
        extra_number = int((amount - share * count) / SMALLEST)
        step = SMALLEST if extra_number > 0 else -SMALLEST
        return [share + (step if position >= count - abs(extra_number) else 0) for position in range(count)]


def _share(record: Raw, parcel: Parcel, position: int, net: Decimal, gross: Decimal) -> Raw:
    label = record["charge_description"] or ""
    own_id = record["id"]
    if position:
        own_id = f"{own_id}.{blake2b(parcel.tracking_number.encode(), digest_size=8).hexdigest()}"
    return record | {
        "id": own_id,
        "tracking_number": parcel.tracking_number,
        "net_cost": f"{net:f}",
        "gross_cost": f"{gross:f}",
        "charge_description": f"{label} RTS".strip() if parcel.is_returned else label or None,
        "cells": _combined(record, parcel, net, gross),
    }


def _combined(record: Raw, parcel: Parcel, net: Decimal, gross: Decimal) -> dict[str, str]:
    cells = record["cells"]
    return {
        "account_number": record["account_id"] or "",
        "account_name": cells.get("Account Name", ""),
        "invoice_number": record["invoice_id"] or "",
        "invoice_date": cells.get("Invoice Date", ""),
        "sales_order_no": parcel.order,
        "product_code": record["charge_code"] or "",
        "product_name": cells.get("Product Name", ""),
        "class_of_mail": cells.get("Class of Mail", ""),
        "volume": cells.get("Volume", ""),
        "tracking_number": parcel.tracking_number,
        "gross_cost": f"{gross:f}",
        "net_cost": f"{net:f}",
        "source_type": "rts" if parcel.is_returned else "outbound",
        "reason_for_non_delivery": parcel.reason or "",
        "date_return_to_sender": parcel.returned_on or "",
        "date_item_delivered": parcel.delivered_on or "",
    }
