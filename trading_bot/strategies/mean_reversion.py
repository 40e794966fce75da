"""Long when the price is far below its average, flat again when it is back."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from decimal import Decimal

from trading_bot.contract.settings import MeanReversion
from trading_bot.strategies.protocol import Direction, Stance

ZERO = Decimal(0)


class MeanReversionStrategy:
    """Goes by z, the last close's distance from the average in standard deviations.

    Average and deviation (of the population) are over the window's closes, the last one included.
    Between its two thresholds it wants what it wanted before. While the price does not move at all
    there is no deviation, hence no z and no change.
    """

    def __init__(self, settings: MeanReversion) -> None:
        self._window = settings.window
        self._entry_z, self._exit_z = settings.entry_z, settings.exit_z
        self._closes: deque[Decimal] = deque(maxlen=self._window)
        self._sum = self._squares = ZERO
        self._direction: Direction | None = None

    @property
    def history(self) -> int:
        """The window's bars."""
        return self._window

    @property
    def direction(self) -> Direction | None:
        """Long from far below the average until back; None until one of the two was seen."""
        return self._direction

    def warm_up(self, closes: Sequence[Decimal]) -> None:
        """Take closes of the past."""
        for close in closes:
            self._turn(self._take(close))

    def on_bar(self, close: Decimal) -> Stance | None:
        """Take the next close; return a stance where a threshold was reached."""
        before = self._direction
        z = self._take(close)
        self._turn(z)
        if z is None or self._direction is None or self._direction is before:
            return None
        if before is None and self._direction is Direction.FLAT:
            return None  # it has wanted nothing yet: flat is where everybody begins
        return Stance(direction=self._direction, reason=self._reason(z))

    def adapt(self, settings: MeanReversion) -> None:
        """Take over the thresholds."""
        self._entry_z, self._exit_z = settings.entry_z, settings.exit_z

    def _take(self, close: Decimal) -> Decimal | None:
        """Add a close and return its z, None while there is none."""
        closes = self._closes
        if len(closes) == self._window:
            self._sum -= closes[0]
            self._squares -= closes[0] * closes[0]
        closes.append(close)
        self._sum += close
        self._squares += close * close
        # n² times the variance, which needs no division and so is exactly 0 for equal closes.
        spread = self._window * self._squares - self._sum * self._sum
        if len(closes) < self._window or spread <= 0:
            return None
        return (self._window * close - self._sum) / spread.sqrt()

    def _turn(self, z: Decimal | None) -> None:
        if z is None:
            return
        if z <= -self._entry_z:
            self._direction = Direction.LONG
        elif z >= -self._exit_z:
            self._direction = Direction.FLAT

    def _reason(self, z: Decimal) -> str:
        if self._direction is Direction.LONG:
            return f"z({self._window}) {z:.2f} is at or below -{self._entry_z}"
        return f"z({self._window}) {z:.2f} is at or above {-self._exit_z}"
