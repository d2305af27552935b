"""Pure: a text → the picture that a phone's camera reads, as one path of an SVG."""

from dataclasses import dataclass
from itertools import groupby

import segno

QUIET_ZONE = 4
"""Light modules around the picture, as ISO/IEC 18004 wants them."""


@dataclass(frozen=True)
class QrPicture:
    """size: of its square, with the quiet zone, in modules; path: `d` of an SVG, a stroke as wide as one."""

    size: int
    path: str


def qr_picture(text: str) -> QrPicture:
    """The picture of a text. It can be read with 15 % of it spoilt."""
    code = segno.make_qr(text, error="m")
    steps = []
    for row, modules in enumerate(code.matrix):
        column = QUIET_ZONE
        for is_dark, run in groupby(modules):
            width = len(list(run))
            if is_dark:
                steps.append(f"M{column} {row + QUIET_ZONE}.5h{width}")
            column += width
    return QrPicture(len(code.matrix) + 2 * QUIET_ZONE, "".join(steps))
