"""Market data as it comes in: the latest quotes, their conflation on the tape, and who is stale."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from trading_bot.contract.errors import NonRetriableError, OperatorError, RetriableError, TickertapeError
from trading_bot.contract.events.lifecycle import SymbolBlocked
from trading_bot.contract.events.market import QuoteConflated
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.clock import SECOND
from trading_bot.domain.guards import FROZEN_BOOK
from trading_bot.domain.removal import NOT_LISTED
from trading_bot.engine.book_watch import BookWatch
from trading_bot.engine.context import Context
from trading_bot.engine.symbol_watch import is_blocked
from trading_bot.venues.protocol import Bar, Quote

STALE: Final = "StaleFeed"
UNKNOWN_SESSION: Final = "UnknownSession"

Blocked = dict[str, str]
"""Symbol to why, in words."""


class FeedWatch:
    """Keeps the latest quote of each symbol, writes it down at most once an interval, blocks stale symbols.

    Attributes:
        quotes: the latest quote by symbol.
        all_heard: every symbol whose session is open has been quoted in this run.
    """

    def __init__(self, context: Context) -> None:
        self.quotes: dict[str, Quote] = {}
        self.all_heard = asyncio.Event()
        self._context = context
        self._ledger = context.ledger
        self._errors = context.errors
        self._clock = context.clock
        self._messages: Counter[str] = Counter()
        self._heard: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._refused = 0
        self._began = context.clock.monotonic_ns()
        self._last_data = self._began
        self._book = BookWatch(context.clock, context.interval_ns)

    def begin(self) -> None:
        """Note that quotes are listened to from now on."""
        self._began = self._last_data = self._clock.monotonic_ns()

    def take(self, quote: Quote) -> None:
        """Take a quote; it goes on the tape with the next :meth:`write_down` of its symbol."""
        self.quotes[quote.symbol] = quote
        self._book.take(quote)
        self._messages[quote.symbol] += 1
        self._last_data = self._heard[quote.symbol] = self._clock.monotonic_ns()
        if not self.all_heard.is_set() and all(symbol in self.quotes for symbol in self.open_symbols()):
            self.all_heard.set()

    def compare(self, bar: Bar) -> None:
        """Hold a bar that has just closed against its symbol's quotes."""
        self._book.compare(bar)

    def refuse(self, symbol: str, message: str) -> None:
        """Note a message that was refused at the edge; the first of a sample is recorded as an error."""
        self._refused += 1
        if self._refused == 1:
            self._errors.record(NonRetriableError("FEED_003", message, symbol=symbol))

    def drain_refused(self) -> dict[str, int]:
        """Return the refused messages since the last call, as increments by metric."""
        refused, self._refused = self._refused, 0
        return {metrics.BAD_MESSAGES.name: refused} if refused else {}

    def write_down(self, symbol: str) -> None:
        """Write the symbol's latest quote on the tape, if there is a newer one than was written."""
        quote = self.quotes.get(symbol)
        messages = self._messages.pop(symbol, 0)
        if quote is None or not messages:
            return
        self._written[symbol] = self._clock.monotonic_ns()
        self._ledger.append(
            QuoteConflated(
                symbol=symbol,
                bid=quote.bid,
                ask=quote.ask,
                venue_time=quote.venue_time,
                received_at=quote.received_at,
                messages=messages,
            )
        )

    def write_due(self) -> None:
        """Write down every symbol whose conflation interval has passed."""
        interval = round(self._context.settings.intervals.quote_seconds * SECOND)
        now = self._clock.monotonic_ns()
        for symbol in list(self._messages):
            if now - self._written.get(symbol, -interval) >= interval:
                self.write_down(symbol)

    def stale(self) -> list[str]:
        """Return the symbols whose session is open and whose last quote is too old, or that never had one."""
        now = self._clock.now_ns()
        return [
            symbol
            for symbol in self._context.settings.symbols
            if self._is_open(symbol, now) and self._is_old(symbol, now)
        ]

    def silent_for(self) -> float:
        """Return the seconds since anything came in at all."""
        return (self._clock.monotonic_ns() - self._last_data) / SECOND

    def frozen(self) -> list[str]:
        """Return the symbols whose session is open and whose quote stands still while their market trades."""
        now = self._clock.now_ns()
        return [symbol for symbol in self._book.frozen() if self._is_open(symbol, now)]

    def unknown_sessions(self) -> list[str]:
        """Return the symbols of which it is not known whether they trade: their calendar's table has ended."""
        now, sessions = self._clock.now_ns(), self._context.settings.sessions
        hours = self._context.hours
        return [symbol for symbol, session in sessions.items() if not hours.is_known(session, now)]

    def block_and_unblock(self) -> None:
        """Bring the symbols' blocks in line with what is known of their feeds, each change an event."""
        self._gate(STALE, {symbol: self._stale_words(symbol) for symbol in self.stale()})
        self._gate(FROZEN_BOOK, {symbol: _frozen_words(symbol) for symbol in self.frozen()})
        self._gate(UNKNOWN_SESSION, {symbol: _unknown_words(symbol) for symbol in self.unknown_sessions()})

    def open_symbols(self) -> Iterable[str]:
        """Return the symbols that the venue lists and whose session is open now."""
        now = self._clock.now_ns()
        return [symbol for symbol in self._context.settings.symbols if self._is_open(symbol, now)]

    def _gate(self, reason: str, wanted: Blocked) -> None:
        for symbol in self._context.settings.symbols:
            market = self._ledger.state.markets.get(symbol)
            blocked = market is not None and reason in market.blocks
            if symbol in wanted and not blocked:
                self._append_block(symbol, reason, wanted[symbol], blocked=True)
                self._errors.record(ERRORS[reason](wanted[symbol], symbol))
            elif blocked and symbol not in wanted:
                self._append_block(symbol, reason, ENDED[reason], blocked=False)

    def _append_block(self, symbol: str, reason: str, message: str, *, blocked: bool) -> None:
        self._ledger.append(SymbolBlocked(symbol=symbol, blocked=blocked, reason=reason, message=message))

    def _stale_words(self, symbol: str) -> str:
        limit = self._context.settings.intervals.stale_after_seconds
        return f"no quote of {symbol} for more than {limit:g} s while its session is open"

    def _is_open(self, symbol: str, now: int) -> bool:
        if is_blocked(self._context, symbol, NOT_LISTED):
            return False
        return self._context.hours.is_open(self._context.settings.sessions.get(symbol), now)

    def _is_old(self, symbol: str, now: int) -> bool:
        """By both clocks: one can be set back, the other does not see what waited before it was heard."""
        limit = self._context.settings.intervals.stale_after_seconds * SECOND
        heard_for = self._clock.monotonic_ns() - self._heard.get(symbol, self._began)
        quote = self.quotes.get(symbol)
        return heard_for > limit or (quote is not None and now - quote.received_at > limit)


def _frozen_words(symbol: str) -> str:
    return f"the quote of {symbol} stands still while its bars close elsewhere"


def _unknown_words(symbol: str) -> str:
    return f"the session table of {symbol} has ended: it is not known whether its market is open"


ERRORS: Final[dict[str, Callable[[str, str], TickertapeError]]] = {
    STALE: lambda message, symbol: RetriableError("FEED_001", message, symbol=symbol),
    FROZEN_BOOK: lambda message, symbol: RetriableError("FEED_004", message, symbol=symbol),
    UNKNOWN_SESSION: lambda message, symbol: OperatorError("FEED_005", message, symbol=symbol),
}
"""What is recorded when a symbol is blocked, by reason."""

ENDED: Final = {
    STALE: "a fresh quote came in",
    FROZEN_BOOK: "quotes and bars agree again",
    UNKNOWN_SESSION: "the session is known",
}
"""Why a symbol is not blocked any more, by reason."""
