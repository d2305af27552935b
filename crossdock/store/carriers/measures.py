"""What a row says of a parcel's size and of how its weight was counted. Pure."""

from decimal import Decimal

import msgspec


class Measures(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The size of a parcel and what goes with it; None, 1 and 0 where the row is silent."""

    basis: str | None = None
    """The billed weight is dimensional, actual, or the minimum of a surcharge."""
    size: tuple[Decimal, ...] | None = None
    """Length, width, height, as the carrier has them."""
    stated_size: tuple[Decimal, ...] | None = None
    """As the shipper stated them."""
    size_unit: str | None = None
    divisor: Decimal | None = None
    volume_weight: Decimal | None = None
    pieces: int = 1
    payer: str | None = None
    """Who pays, where that is not the shipper: collect or third_party."""
    address: str | None = None
    """A digest of the receiver's address."""
    delivered_on: int = 0
    """Seconds, at midnight."""

    @property
    def text(self) -> str | None:
        """The JSON, as it is stored; None where there is nothing to say."""
        document = _encoder.encode(self)
        return None if document == b"{}" else document.decode()


NOTHING = Measures()
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Measures)


def measures_of(text: str | None) -> Measures:
    """The measures in a stored text."""
    return NOTHING if text is None else _decoder.decode(text)
