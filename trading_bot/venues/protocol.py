"""The port to an exchange.

Three small protocols, one object: trading, the truth about money, and the feed. Implementations
translate their vendor's exceptions once, into the taxonomy:

* a request that certainly did not take effect raises :class:`RetriableError` (VENUE_001, _003, _006)
  or :class:`NonRetriableError`/:class:`OperatorError`/:class:`HaltError` (VENUE_002, _004, _008, _009);
* a decoded rejection of an order raises :class:`NonRetriableError` ORDER_001 (a refused cancel ORDER_003);
* an order whose bytes may have left, without a decodable answer, raises :class:`OutcomeUnknown`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

import msgspec

from trading_bot.contract.errors.definition import RetriableError
from trading_bot.contract.events.trading import Liquidity, OrderType, Side, TimeInForce, Trigger
from trading_bot.domain.instruments import Instrument


class OutcomeUnknown(RetriableError):  # noqa: N818 - the state's name, a verdict about an order
    """ORDER_002: the order may or may not be at the venue. Ask for it; never send it again."""


class VenueOrderStatus(StrEnum):
    """An order's state as a venue reports it."""

    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is sent. ``client_order_id`` has at most 36 characters of ``[A-Za-z0-9_-]``."""

    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    limit_price: Decimal | None = None
    trigger: Trigger | None = None
    """Of an order that waits: it begins to work once the price is at ``stop_price``, or past it."""
    stop_price: Decimal | None = None


class VenueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the venue reports it."""

    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    type: OrderType
    status: VenueOrderStatus
    quantity: Decimal
    filled_quantity: Decimal
    limit_price: Decimal | None
    created_at: int | None
    """Nanoseconds since the epoch, the venue's clock. None in a cancel's answer, which does not say."""


class VenueFill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution as the venue reports it. ``trade_id`` is unique within the symbol."""

    trade_id: str
    client_order_id: str | None
    """None where the venue's trade list does not carry it; then ``venue_order_id`` leads to the order."""
    venue_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: Liquidity
    venue_time: int


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts of one asset; ``total`` is free plus what working orders hold."""

    asset: str
    free: Decimal
    total: Decimal


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A closed bar. ``open_time`` is nanoseconds since the epoch."""

    symbol: str
    open_time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """Best bid and ask. Times are nanoseconds since the epoch; prices positive and finite, bid <= ask."""

    symbol: str
    bid: Decimal
    ask: Decimal
    venue_time: int | None
    received_at: int


class BarUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A bar that has just closed. ``late``: nobody could hear when it did, and a newer one follows at once."""

    bar: Bar
    late: bool = False


class OrderReport(msgspec.Struct, frozen=True, kw_only=True):
    """The venue's report on one of the account's orders, from the private stream."""

    order: VenueOrder


class FillReport(msgspec.Struct, frozen=True, kw_only=True):
    """The venue's report of one execution, from the private stream."""

    fill: VenueFill


class StreamName(StrEnum):
    """The three things that are listened to."""

    QUOTES = "quotes"
    BARS = "bars"
    ORDERS = "orders"


class StreamLost(msgspec.Struct, frozen=True, kw_only=True):
    """A stream ended or failed; the feed is reconnecting by itself with jittered back-off."""

    stream: StreamName
    message: str


class StreamRestored(msgspec.Struct, frozen=True, kw_only=True):
    """Data (or for orders: the subscription's confirmation) flows again on a stream that was lost."""

    stream: StreamName
    attempts: int
    outage_ns: int


class BadMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A market data message that was refused at the edge: NaN, non-positive, crossed."""

    symbol: str
    message: str


FeedMessage = Quote | BarUpdate | OrderReport | FillReport | StreamLost | StreamRestored | BadMessage


class Permissions(msgspec.Struct, frozen=True, kw_only=True):
    """What an API key may do."""

    trade: bool
    withdraw: bool
    bound_to_address: bool
    """Whether the venue takes it only from addresses that its owner named."""


class ClockReading(msgspec.Struct, frozen=True, kw_only=True):
    """Venue clock minus local clock, from one request: the offset at its middle, and its round trip."""

    offset_ns: int
    round_trip_ns: int


MayLeave = Callable[[], None]
"""Raises OrderDenied where an order may not be sent any more."""


def unconditionally() -> None:
    """Let an order leave."""


class VenueTrading(Protocol):
    """Connect, and place and cancel orders."""

    async def open(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        """Connect, check the credentials, return the instruments by symbol; of those that are not listed none.

        Raises:
            OperatorError: VENUE_002 credentials, VENUE_008 no symbol is listed.
            RetriableError: VENUE_001, VENUE_003, VENUE_006.
        """
        ...

    async def place(self, order: NewOrder, may_leave: MayLeave = unconditionally) -> VenueOrder:
        """Send an order once; never retry inside.

        ``may_leave`` is asked last of all, on the open connection before the first byte is written: an order
        may have waited for the rate limit or for the connection.

        Raises:
            OrderDenied: what ``may_leave`` raises; certainly not sent.
            NonRetriableError: ORDER_001, a decoded rejection; VENUE_009, refused before it was sent.
            OutcomeUnknown: ORDER_002, also when the venue says that it already has this client order id.
            RetriableError: VENUE_001 no connection, VENUE_003 rate limit: certainly not processed.
            OperatorError, HaltError: VENUE_002 credentials, VENUE_004 banned: certainly not processed.
        """
        ...

    async def place_pair(
        self, first: NewOrder, second: NewOrder, may_leave: MayLeave = unconditionally
    ) -> tuple[VenueOrder, VenueOrder]:
        """Send two sells that wait for their prices, of which one cancels the other; never retry inside.

        What they hold is held once. Only for a venue that :attr:`Venue.takes_triggers`.

        Raises:
            TickertapeError: as :meth:`place`, about both together.
        """
        ...

    async def cancel(self, symbol: str, client_order_id: str) -> VenueOrder:
        """Cancel an order, and the other of its pair; its remaining state as the venue reports it.

        Raises:
            NonRetriableError: ORDER_003, the venue does not cancel it (it is over, or not known).
            RetriableError: no decodable answer.
        """
        ...

    async def close(self) -> None:
        """Close every connection. Safe to call twice."""
        ...


class VenueAccount(Protocol):
    """What the venue says is true. Every method may raise RetriableError and the credential errors."""

    async def balances(self) -> dict[str, Balance]:
        """Return the balances that are not zero, by asset."""
        ...

    async def order(self, symbol: str, client_order_id: str) -> VenueOrder | None:
        """Return one order by client order id, or None if the venue says that it has never had it."""
        ...

    async def open_orders(self, symbol: str) -> list[VenueOrder]:
        """Return the working orders of a symbol."""
        ...

    async def fills(self, symbol: str, since: int) -> list[VenueFill]:
        """Return all executions of a symbol from ``since`` (nanoseconds since the epoch), oldest first."""
        ...

    async def clock(self) -> ClockReading:
        """Measure the venue's clock against this machine's."""
        ...


class VenueFeed(Protocol):
    """History and live data."""

    async def candles(self, symbol: str, limit: int) -> list[Bar]:
        """Return the last ``limit`` closed bars, oldest first, of the interval that the venue was made with."""
        ...

    async def quote(self, symbol: str) -> Quote:
        """Ask for the best bid and ask by a request of its own: what the stream says can be held against it.

        Raises:
            RetriableError: the venue did not answer, or with something that is no quote.
        """
        ...

    def listen(self) -> AsyncIterator[FeedMessage]:
        """Yield market data of the opened symbols and reports on the account's orders, reconnecting by itself.

        Ends only when the venue is closed. Bars come in order, once each, and those that closed since
        :meth:`candles` or during an outage are filled in. A report may come twice. Quotes are conflated:
        of several that wait for the reader, the newest of each symbol is given.
        """
        ...

    async def reconnect(self, stream: StreamName) -> None:
        """Drop a stream's connection and subscribe anew: for a socket that is open and says nothing."""
        ...


class Venue(VenueTrading, VenueAccount, VenueFeed, Protocol):
    """A whole exchange, as the engine sees it. ``name`` is ccxt's exchange id; ``requests`` counts by operation."""

    name: str
    requests: dict[str, int]

    @property
    def takes_triggers(self) -> bool:
        """Whether it takes orders that wait for a stop price, alone and in pairs."""
        ...

    @property
    def repeated(self) -> int:
        """Readings that were asked again because the venue failed to answer them."""
        ...

    @property
    def rate_limit_used(self) -> float | None:
        """Share of the rate limit that was used at the last answer; None where the venue does not say."""
        ...
