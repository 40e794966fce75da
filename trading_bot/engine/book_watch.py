"""Notices a best bid and ask that stand still while the market trades elsewhere.

A venue's quotes need not carry a time, so a feed that repeats old ones looks like a quiet market. Bars
come by another way: when two in a row close outside a quote that did not change while they lasted, the
quote is not the market's any more.
"""

from __future__ import annotations

from typing import Final

from trading_bot.domain.clock import Clock
from trading_bot.venues.protocol import Bar, Quote

BARS_ASTRAY: Final = 2
"""So many bars in a row must contradict the quote: one may close while its quote is still on its way."""


class BookWatch:
    """Compares each closed bar with the quote that stood while it lasted."""

    def __init__(self, clock: Clock, interval_ns: int) -> None:
        self._clock = clock
        self._interval_ns = interval_ns
        self._quotes: dict[str, Quote] = {}
        self._changed: dict[str, int] = {}
        self._astray: dict[str, int] = {}

    def take(self, quote: Quote) -> None:
        """Note a quote; a changed one is alive."""
        before = self._quotes.get(quote.symbol)
        self._quotes[quote.symbol] = quote
        if before is None or before.bid != quote.bid or before.ask != quote.ask:
            self._changed[quote.symbol] = self._clock.monotonic_ns()
            self._astray.pop(quote.symbol, None)

    def compare(self, bar: Bar) -> None:
        """Count a bar that closed outside a quote as old as itself."""
        quote = self._quotes.get(bar.symbol)
        if self._is_frozen(bar.symbol):
            return  # a market that comes by its price again proves nothing; a changed quote does
        if quote is None or quote.bid <= bar.close <= quote.ask:
            self._astray.pop(bar.symbol, None)
        elif self._clock.monotonic_ns() - self._changed[bar.symbol] >= self._interval_ns:
            self._astray[bar.symbol] = self._astray.get(bar.symbol, 0) + 1

    def frozen(self) -> list[str]:
        """Return the symbols whose quote stands still while their market does not."""
        return [symbol for symbol in self._astray if self._is_frozen(symbol)]

    def _is_frozen(self, symbol: str) -> bool:
        return self._astray.get(symbol, 0) >= BARS_ASTRAY
