"""Prices that jump: believed only when the venue, asked by another way, says the same.

A stream may repeat, misplace or invent prices, and everything that is compared with the stream itself
would believe it. A quote or a bar that is further than ``max_price_jump_bps`` from the last believed bar
blocks new risk on its symbol at once, and no peak or loss is taken from it, until the venue's own quote,
requested and not streamed, confirms it, or the price is back.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Final

from trading_bot.contract.errors import NonRetriableError, TickertapeError
from trading_bot.contract.events.lifecycle import SymbolBlocked
from trading_bot.contract.events.market import PriceConfirmed
from trading_bot.domain.guards import BASIS_POINTS, PRICE_JUMP, jump
from trading_bot.engine.context import Context
from trading_bot.engine.feed_watch import FeedWatch
from trading_bot.engine.subtasks import Subtasks
from trading_bot.venues.protocol import Bar, Quote, VenueFeed

TWO: Final = Decimal(2)
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 10.0


class PriceWatch:
    """Looks at every price before anybody else does."""

    def __init__(self, context: Context, venue: VenueFeed, feed: FeedWatch) -> None:
        self._context = context
        self._ledger = context.ledger
        self._errors = context.errors
        self._venue = venue
        self._feed = feed
        self._latest: dict[str, Decimal] = {}
        """By symbol in doubt: its latest price."""
        self._asking = Subtasks(context.errors)

    def take_quote(self, quote: Quote) -> None:
        """Take a quote and pass it on: a doubt stands before it becomes a mark, and ends after it did."""
        symbol, price = quote.symbol, (quote.bid + quote.ask) / TWO
        jumped = self._jumps(symbol, price)
        if jumped:
            self._doubt(symbol, price)
        self._feed.take(quote)
        if not jumped and symbol in self._ledger.state.account.doubted:
            self._believe(symbol, f"the price of {symbol} is back at {price}")

    def take_bar(self, bar: Bar) -> None:
        """Look at a closed bar before it becomes what later prices are compared with."""
        if self._jumps(bar.symbol, bar.close):
            self._doubt(bar.symbol, bar.close)

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What is being asked for."""
        return self._asking.running

    def _jumps(self, symbol: str, price: Decimal) -> bool:
        away = jump(self._ledger.state, symbol, price)
        return away is not None and away > self._context.settings.limits.max_price_jump_bps

    def _doubt(self, symbol: str, price: Decimal) -> None:
        self._latest[symbol] = price
        if symbol in self._ledger.state.account.doubted:
            return
        reference = self._ledger.state.markets[symbol].reference
        message = f"{symbol} jumped from {reference} to {price}: not believed before the venue confirms it"
        self._ledger.append(SymbolBlocked(symbol=symbol, blocked=True, reason=PRICE_JUMP, message=message))
        self._asking.begin(symbol, f"confirm {symbol}", self._ask(symbol))

    def _believe(self, symbol: str, message: str) -> None:
        """End a doubt: only once the mark is the price that is believed, or the old one would count."""
        self._feed.write_down(symbol)
        self._ledger.append(SymbolBlocked(symbol=symbol, blocked=False, reason=PRICE_JUMP, message=message))

    async def _ask(self, symbol: str) -> None:
        """Ask until the doubt is over, with growing pauses; say once that the venue says otherwise."""
        pause, said = FIRST_PAUSE, False
        while symbol in self._ledger.state.account.doubted:
            try:
                quote = await self._venue.quote(symbol)
            except TickertapeError as error:
                self._errors.record(error)
            else:
                if self._agrees(symbol, (quote.bid + quote.ask) / TWO):
                    return
                said = said or self._say(symbol, quote)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _agrees(self, symbol: str, venue: Decimal) -> bool:
        if symbol not in self._ledger.state.account.doubted:
            return True
        limit = self._context.settings.limits.max_price_jump_bps
        if abs(self._latest[symbol] - venue) / venue * BASIS_POINTS > limit:
            return False
        self._ledger.append(PriceConfirmed(symbol=symbol, price=venue))
        self._believe(symbol, f"the venue confirms a price of {venue}")
        return True

    def _say(self, symbol: str, quote: Quote) -> bool:
        message = (
            f"the stream says {self._latest[symbol]} for {symbol}, "
            f"the venue says {quote.bid} to {quote.ask} when asked"
        )
        self._errors.record(NonRetriableError("RISK_020", message, symbol=symbol))
        return True
