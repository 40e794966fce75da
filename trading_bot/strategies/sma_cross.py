"""Long while a fast moving average is above a slow one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from decimal import Decimal

from trading_bot.contract.settings import SmaCross
from trading_bot.strategies.protocol import Direction, Stance

ZERO = Decimal(0)


class SmaCrossStrategy:
    """A signal only where the averages cross; equal averages are no crossing yet."""

    def __init__(self, settings: SmaCross) -> None:
        self._fast, self._slow = settings.fast, settings.slow
        self._closes: deque[Decimal] = deque(maxlen=self._slow)
        self._fast_sum = self._slow_sum = ZERO
        self._direction: Direction | None = None

    @property
    def history(self) -> int:
        """The slow average's bars."""
        return self._slow

    @property
    def direction(self) -> Direction | None:
        """Long while the fast average is above."""
        return self._direction

    def warm_up(self, closes: Sequence[Decimal]) -> None:
        """Take closes of the past."""
        for close in closes:
            self._take(close)

    def on_bar(self, close: Decimal) -> Stance | None:
        """Take the next close; return a stance where the averages have crossed."""
        before = self._direction
        self._take(close)
        if before is None or self._direction is None or self._direction is before:
            return None
        return Stance(direction=self._direction, reason=self._reason())

    def adapt(self, settings: SmaCross) -> None:
        """Nothing that the averages are made of may change while they run."""

    def _take(self, close: Decimal) -> None:
        closes = self._closes
        if len(closes) >= self._fast:
            self._fast_sum -= closes[-self._fast]
        if len(closes) == self._slow:
            self._slow_sum -= closes[0]
        closes.append(close)
        self._fast_sum += close
        self._slow_sum += close
        if len(closes) == self._slow:
            # Averages compared without dividing: exact.
            gap = self._fast_sum * self._slow - self._slow_sum * self._fast
            if gap:
                self._direction = Direction.LONG if gap > 0 else Direction.FLAT

    def _reason(self) -> str:
        where = "above" if self._direction is Direction.LONG else "below"
        fast, slow = self._fast_sum / self._fast, self._slow_sum / self._slow
        return f"sma({self._fast}) {fast:.6g} crossed {where} sma({self._slow}) {slow:.6g}"
