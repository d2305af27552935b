"""Pure: amounts of one currency → a chart by month with an axis, and shares. Exact but for heights."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

WIDTH, HEIGHT = 720, 160
GAP = 6
MOST_STEPS = 5
ZERO = Decimal(0)


class MonthAmount(msgspec.Struct, kw_only=True):
    """The sum of a month, "2026-01"."""

    month: str
    amount: Decimal
    charges: int


class Share(msgspec.Struct, kw_only=True):
    """The sum of a part of the whole. name: "" where none is known."""

    name: str
    amount: Decimal
    charges: int
    width: float
    """Of its bar, in percent of the largest."""
    is_negative: bool


@dataclass(frozen=True)
class DrawnMonth:
    """A bar in units of the drawing, which has its zero where `AmountChart.zero` says."""

    of: MonthAmount
    x: float
    y: float
    width: float
    height: float


class AmountChart(msgspec.Struct, kw_only=True):
    """Amounts by month, the oldest first; may be below zero, where more was given back than charged."""

    title: str
    currency: str
    months: list[MonthAmount]

    @property
    def step(self) -> Decimal:
        """The distance of two marks of the axis: 1, 2 or 5 of some power of ten."""
        span = max(self._highest, ZERO) - min(self._lowest, ZERO)
        if span == 0:
            return Decimal(1)
        power = Decimal(1).scaleb(span.adjusted() - 1)
        return next(
            size * power
            for size in map(Decimal, (1, 2, 5, 10, 20, 50, 100))
            if span / (size * power) <= MOST_STEPS - 1
        )

    @property
    def marks(self) -> list[Decimal]:
        """The amounts beside the axis, the highest first; zero is one of them."""
        step = self.step
        top = (max(self._highest, ZERO) / step).to_integral_value(ROUND_CEILING)
        bottom = (min(self._lowest, ZERO) / step).to_integral_value(ROUND_FLOOR)
        top = max(top, bottom + 1)
        # Without an exponent and zeros: 2000, not 2.0E+3.
        return [
            Decimal(format((number * step).normalize(), "f"))
            for number in range(int(top), int(bottom) - 1, -1)
        ]

    @property
    def lines(self) -> list[float]:
        """The heights of the marks, from the top of the drawing."""
        marks = self.marks
        return [round(HEIGHT * position / (len(marks) - 1), 1) for position in range(len(marks))]

    @property
    def zero(self) -> float:
        return self._height(ZERO)

    @property
    def drawn(self) -> list[DrawnMonth]:
        """The bars in their places."""
        width = WIDTH / max(1, len(self.months))
        return [self._bar(position * width, width, month) for position, month in enumerate(self.months)]

    def _bar(self, x: float, width: float, month: MonthAmount) -> DrawnMonth:
        ends = sorted((self.zero, self._height(month.amount)))
        height = 0.0 if month.amount == 0 else max(2.0, ends[1] - ends[0])
        return DrawnMonth(
            month, round(x + GAP / 2, 1), round(ends[0], 1), round(width - GAP, 1), round(height, 1)
        )

    def _height(self, amount: Decimal) -> float:
        marks = self.marks
        return float(HEIGHT * (marks[0] - amount) / (marks[0] - marks[-1]))

    @property
    def _highest(self) -> Decimal:
        return max((month.amount for month in self.months), default=ZERO)

    @property
    def _lowest(self) -> Decimal:
        return min((month.amount for month in self.months), default=ZERO)


def shares(sums: dict[str, tuple[Decimal, int]]) -> list[Share]:
    """Parts of a whole, the largest first. sums: amount and number of charges by name."""
    largest = max((abs(amount) for amount, _ in sums.values()), default=ZERO)
    ordered = sorted(sums.items(), key=lambda entry: (-entry[1][0], entry[0]))
    return [
        Share(
            name=name, amount=amount, charges=charges, is_negative=amount < 0,
            width=round(float(100 * abs(amount) / largest), 1) if largest else 0.0,
        )
        for name, (amount, charges) in ordered
    ]  # fmt: skip


def months_between(first: str, last: str) -> list[str]:
    """All months from one to another, both of them."""
    position, end = (int(text[:4]) * 12 + int(text[5:]) - 1 for text in (first, last))
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(position, end + 1)]


def months_before(month: str, count: int) -> str:
    """The month so many months before one."""
    number = max(12, int(month[:4]) * 12 + int(month[5:]) - 1 - count)
    return f"{number // 12:04}-{number % 12 + 1:02}"
