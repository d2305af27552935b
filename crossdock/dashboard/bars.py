"""Pure: counts by period → a chart of bars that the server draws, so that it is there without a script."""

from dataclasses import dataclass

import msgspec

WIDTH, HEIGHT = 720, 120
GAP = 3


class Bar(msgspec.Struct, kw_only=True):
    """A period. at: its start, ISO 8601; count: in the chart's unit; failed: those of it that failed."""

    at: str
    count: int
    failed: int = 0


class BarChart(msgspec.Struct, kw_only=True):
    """A chart of bars, oldest first. unit: what is counted, in the plural.

    path: of the list of what is counted, below the dashboard; "": there is none.
    """

    title: str
    bars: list[Bar]
    unit: str = "calls"
    path: str = ""

    @property
    def most(self) -> int:
        """The count that the highest bar stands for."""
        return max((bar.count for bar in self.bars), default=0)

    @property
    def unit_of_most(self) -> str:
        """The unit as it stands behind that count: "1 call", "2 calls", "3 ms"."""
        return self.unit.removesuffix("s") if self.most == 1 and self.unit != "ms" else self.unit

    @property
    def drawn(self) -> list["DrawnBar"]:
        """The bars in their places; what is not nothing is at least two pixels high."""
        step = WIDTH / max(1, len(self.bars))
        return [
            DrawnBar(
                bar, round(position * step, 1), round(step - GAP, 1), self._height(bar.count),
                self._height(bar.failed),
            )
            for position, bar in enumerate(self.bars)
        ]  # fmt: skip

    def _height(self, count: int) -> float:
        return 0 if count == 0 else round(max(2.0, HEIGHT * count / self.most), 1)


@dataclass(frozen=True)
class DrawnBar:
    """A bar with its place, in units of the drawing."""

    bar: Bar
    x: float
    width: float
    height: float
    failed_height: float
