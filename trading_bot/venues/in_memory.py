"""A real, small exchange in memory, with faults that a test or a script switches."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from trading_bot.contract.errors.definition import OperatorError, RetriableError, TickertapeError
from trading_bot.domain.clock import Clock
from trading_bot.domain.instruments import Instrument
from trading_bot.venues.books import Books, Depth, rejected
from trading_bot.venues.mailbox import Mailbox
from trading_bot.venues.protocol import (
    Balance,
    Bar,
    BarUpdate,
    ClockReading,
    FeedMessage,
    FillReport,
    MayLeave,
    NewOrder,
    OrderReport,
    OutcomeUnknown,
    Quote,
    StreamLost,
    StreamName,
    StreamRestored,
    VenueFill,
    VenueOrder,
    unconditionally,
)

NO_FEE: Final = Decimal(0)


class InMemoryVenue:
    """An exchange for one account. The market moves when :meth:`push_quote` and :meth:`push_bar` say so.

    Orders, balances and executions outlive :meth:`close`, as at a real exchange: open it again and
    they are there. Faults hit the next call of their kind, once, in the order in which they were asked for.

    Args:
        clock: the venue's time, and the local time of quotes received.
        instruments: what is listed.
        funds: free amounts by asset.
        fee_rate: commission as a share of the received asset.
        clock_offset_ns: how far the venue's clock is ahead of the local one.
        takes_triggers: whether orders may wait for a stop price.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        instruments: Iterable[Instrument],
        funds: Mapping[str, Decimal],
        fee_rate: Decimal = NO_FEE,
        clock_offset_ns: int = 0,
        takes_triggers: bool = True,
    ) -> None:
        self.name = "in_memory"
        self.requests: dict[str, int] = {}
        self.rate_limit_used: float | None = None
        self.repeated = 0
        self.takes_triggers = takes_triggers
        self.clock_offset_ns = clock_offset_ns
        self.muted: set[StreamName] = set()
        self.reconnects: dict[StreamName, int] = {}
        self._clock = clock
        self._books = Books(instruments, funds, fee_rate, self._venue_time, self._report)
        self._bars: dict[str, list[Bar]] = {}
        self._quotes: dict[str, Quote] = {}
        self._given: dict[str, int] = {}
        self._in_candles: dict[str, int] = {}
        self._mailbox = Mailbox()
        self._lost_at: dict[StreamName, int] = {}
        self._faults: dict[str, deque[TickertapeError]] = {}
        self._broken: dict[tuple[str, str], TickertapeError] = {}
        self._rejections: deque[str] = deque()
        self._lost_acks = 0
        self._lost_orders = 0

    # -- trading ---------------------------------------------------------------------------------

    async def open(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`."""
        self._request("open")
        listed = {symbol: rules for symbol, rules in self._books.instruments.items() if symbol in symbols}
        if symbols and not listed:
            message = f"{self.name} lists none of {', '.join(symbols)}"
            raise OperatorError("VENUE_008", message, symbol=symbols[0])
        self._mailbox = Mailbox()
        return {symbol: listed[symbol] for symbol in symbols if symbol in listed}

    async def place(self, order: NewOrder, may_leave: MayLeave = unconditionally) -> VenueOrder:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`."""
        may_leave()
        self._request("place")
        if self._lost_orders:
            self._lost_orders -= 1
            raise unknown(order, "the connection broke")
        if self._rejections:
            raise rejected(self._rejections.popleft(), order)
        self._refuse_what_it_does_not_take(order)
        self._refuse_repeated(order)
        taken = self._books.place(order)
        if self._lost_acks:
            self._lost_acks -= 1
            raise unknown(order, "no answer in time")
        return taken

    async def place_pair(
        self, first: NewOrder, second: NewOrder, may_leave: MayLeave = unconditionally
    ) -> tuple[VenueOrder, VenueOrder]:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`."""
        may_leave()
        self._request("place")
        if self._lost_orders:
            self._lost_orders -= 1
            raise unknown(first, "the connection broke")
        if self._rejections:
            raise rejected(self._rejections.popleft(), first)
        for order in (first, second):
            self._refuse_what_it_does_not_take(order)
            self._refuse_repeated(order)
        taken = self._books.place_pair(first, second)
        if self._lost_acks:
            self._lost_acks -= 1
            raise unknown(first, "no answer in time")
        return taken

    async def cancel(self, symbol: str, client_order_id: str) -> VenueOrder:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`."""
        self._request("cancel")
        return self._books.cancel(symbol, client_order_id)

    async def close(self) -> None:
        """See :class:`~trading_bot.venues.protocol.VenueTrading`."""
        self._mailbox.close()

    # -- account ---------------------------------------------------------------------------------

    async def balances(self) -> dict[str, Balance]:
        """See :class:`~trading_bot.venues.protocol.VenueAccount`."""
        self._request("balances")
        return self._books.balances()

    async def order(self, symbol: str, client_order_id: str) -> VenueOrder | None:
        """See :class:`~trading_bot.venues.protocol.VenueAccount`."""
        self._request("order", symbol)
        entry = self._books.find(symbol, client_order_id)
        return None if entry is None else entry.order

    async def open_orders(self, symbol: str) -> list[VenueOrder]:
        """See :class:`~trading_bot.venues.protocol.VenueAccount`."""
        self._request("open_orders", symbol)
        return [entry.order for entry in self._books.working(symbol)]

    async def fills(self, symbol: str, since: int) -> list[VenueFill]:
        """See :class:`~trading_bot.venues.protocol.VenueAccount`."""
        self._request("fills", symbol)
        return [fill for fill in self._books.fills if fill.symbol == symbol and fill.venue_time >= since]

    async def clock(self) -> ClockReading:
        """See :class:`~trading_bot.venues.protocol.VenueAccount`."""
        self._request("clock")
        return ClockReading(offset_ns=self.clock_offset_ns, round_trip_ns=0)

    # -- feed ------------------------------------------------------------------------------------

    async def candles(self, symbol: str, limit: int) -> list[Bar]:
        """See :class:`~trading_bot.venues.protocol.VenueFeed`."""
        self._request("candles", symbol)
        bars = self._bars.get(symbol, [])[-limit:]
        self._note_given(bars)
        if bars:
            self._in_candles[symbol] = bars[-1].open_time
        return bars

    async def quote(self, symbol: str) -> Quote:
        """See :class:`~trading_bot.venues.protocol.VenueFeed`."""
        self._request("quote", symbol)
        if symbol not in self._quotes:
            raise RetriableError("VENUE_007", f"there is no quote of {symbol} yet", symbol=symbol)
        return self._quotes[symbol]

    async def listen(self) -> AsyncIterator[FeedMessage]:
        """See :class:`~trading_bot.venues.protocol.VenueFeed`."""
        mailbox = self._mailbox
        while (message := await mailbox.get()) is not None:
            if not self._is_in_candles(message):
                yield message

    async def reconnect(self, stream: StreamName) -> None:
        """See :class:`~trading_bot.venues.protocol.VenueFeed`. Ends a mute, as a new connection would."""
        self.reconnects[stream] = self.reconnects.get(stream, 0) + 1
        self.lose_stream(stream, "reconnect was asked for")
        self.muted.discard(stream)
        self.restore_stream(stream)

    # -- the market, moved from outside ----------------------------------------------------------

    def push_quote(
        self,
        symbol: str,
        bid: Decimal,
        ask: Decimal,
        *,
        bid_quantity: Decimal | None = None,
        ask_quantity: Decimal | None = None,
    ) -> None:
        """Set the top of the book. A quantity bounds what trades there until the next quote."""
        quote = Quote(
            symbol=symbol,
            bid=bid,
            ask=ask,
            venue_time=self._venue_time(),
            received_at=self._clock.now_ns(),
        )
        self._quotes[symbol] = quote
        self._deliver(StreamName.QUOTES, quote)
        self._books.quote(Depth(quote, bid_quantity, ask_quantity))

    def misquote(self, symbol: str, bid: Decimal, ask: Decimal) -> None:
        """Let the stream tell of a quote that is not the book's."""
        now = self._clock.now_ns()
        quote = Quote(symbol=symbol, bid=bid, ask=ask, venue_time=self._venue_time(), received_at=now)
        self._deliver(StreamName.QUOTES, quote)

    def push_bar(self, bar: Bar) -> None:
        """Close a bar. Bars that closed while nobody could hear are told before it."""
        bars = self._bars.setdefault(bar.symbol, [])
        bars.append(bar)
        if StreamName.BARS in self.muted or StreamName.BARS in self._lost_at:
            return
        last = self._given.get(bar.symbol, bars[-2].open_time if len(bars) > 1 else bar.open_time - 1)
        missed = [earlier for earlier in bars if earlier.open_time > last]
        self._note_given(missed)
        for each in missed:
            self._mailbox.put(BarUpdate(bar=each, late=each is not bar))

    # -- faults ----------------------------------------------------------------------------------

    def fail_next(self, operation: str, error: TickertapeError) -> None:
        """Let the next call of an operation (``balances``, ``order``, ``open``, ...) raise ``error``."""
        self._faults.setdefault(operation, deque()).append(error)

    def break_symbol(self, symbol: str, operation: str, error: TickertapeError) -> None:
        """Let every reading of a kind about one symbol raise ``error``, until :meth:`mend_symbol`."""
        self._broken[operation, symbol] = error

    def mend_symbol(self, symbol: str) -> None:
        """Answer again what is asked about a symbol."""
        self._broken = {key: error for key, error in self._broken.items() if key[1] != symbol}

    def delist(self, symbol: str) -> None:
        """List a symbol no more: the next :meth:`open` leaves it out."""
        del self._books.instruments[symbol]

    def halt(self, symbol: str) -> None:
        """Trade a symbol no more: it stays listed, and its new orders are refused."""
        instruments = self._books.instruments
        instruments[symbol] = msgspec.structs.replace(instruments[symbol], is_active=False)

    def reject_next(self, reason: str = "market is closed") -> None:
        """Let the next order be rejected, decoded and final."""
        self._rejections.append(reason)

    def lose_next_ack(self) -> None:
        """Take the next order, and lose the answer."""
        self._lost_acks += 1

    def lose_next_order(self) -> None:
        """Lose the next order on its way there: the venue never hears of it."""
        self._lost_orders += 1

    def mute(self, stream: StreamName) -> None:
        """Say nothing on a stream, with the connection open."""
        self.muted.add(stream)

    def unmute(self, stream: StreamName) -> None:
        """Speak again; quotes and reports of the meantime are lost."""
        self.muted.discard(stream)

    def lose_stream(self, stream: StreamName, message: str = "connection reset") -> None:
        """Break a stream's connection; nothing is heard until :meth:`restore_stream`."""
        if stream not in self._lost_at:
            self._lost_at[stream] = self._clock.monotonic_ns()
            self._mailbox.put(StreamLost(stream=stream, message=message))

    def restore_stream(self, stream: StreamName) -> None:
        """Connect a stream again."""
        lost_at = self._lost_at.pop(stream)
        outage = self._clock.monotonic_ns() - lost_at
        self._mailbox.put(StreamRestored(stream=stream, attempts=1, outage_ns=outage))

    # --------------------------------------------------------------------------------------------

    def _request(self, operation: str, symbol: str = "") -> None:
        self.requests[operation] = self.requests.get(operation, 0) + 1
        faults = self._faults.get(operation)
        if faults:
            raise faults.popleft()
        if (operation, symbol) in self._broken:
            raise self._broken[operation, symbol]

    def _refuse_what_it_does_not_take(self, order: NewOrder) -> None:
        if order.trigger is not None and not self.takes_triggers:
            raise rejected("orders with a stop price are not supported", order)

    def _refuse_repeated(self, order: NewOrder) -> None:
        entry = self._books.find(order.symbol, order.client_order_id)
        if entry is not None and entry in self._books.working(order.symbol):
            raise unknown(order, "the venue already has an open order of this client order id")

    def _is_in_candles(self, message: FeedMessage) -> bool:
        """Whether it is a bar that waited in the mailbox while the reader took it from :meth:`candles`."""
        if not isinstance(message, BarUpdate):
            return False
        return message.bar.open_time <= self._in_candles.get(message.bar.symbol, 0)

    def _note_given(self, bars: Sequence[Bar]) -> None:
        for bar in bars:
            self._given[bar.symbol] = max(bar.open_time, self._given.get(bar.symbol, bar.open_time))

    def _report(self, report: VenueOrder | VenueFill) -> None:
        message = OrderReport(order=report) if isinstance(report, VenueOrder) else FillReport(fill=report)
        self._deliver(StreamName.ORDERS, message)

    def _deliver(self, stream: StreamName, message: FeedMessage) -> None:
        if stream not in self.muted and stream not in self._lost_at:
            self._mailbox.put(message)

    def _venue_time(self) -> int:
        return self._clock.now_ns() + self.clock_offset_ns


def unknown(order: NewOrder, message: str) -> OutcomeUnknown:
    """Return the error of an order whose answer was lost."""
    return OutcomeUnknown(
        "ORDER_002",
        f"{order.symbol}: outcome of {order.client_order_id} unknown, {message}",
        symbol=order.symbol,
        client_order_id=order.client_order_id,
    )
