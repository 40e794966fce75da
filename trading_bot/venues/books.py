"""The books of the in-memory venue: balances, orders and executions. Synchronous, no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_DOWN, Decimal
from itertools import count
from typing import Final

import msgspec

from trading_bot.contract.errors.definition import NonRetriableError
from trading_bot.contract.events.trading import Liquidity, OrderType, Side, TimeInForce, Trigger
from trading_bot.domain.instruments import Instrument
from trading_bot.venues.protocol import Balance, NewOrder, Quote, VenueFill, VenueOrder, VenueOrderStatus

ZERO: Final = Decimal(0)
SMALLEST: Final = Decimal("1e-8")
CLIENT_ORDER_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,36}")
MILLISECOND: Final = 1_000_000


class Depth(msgspec.Struct):
    """The top of the book and how much of it is left; None is without bound."""

    quote: Quote
    bid_quantity: Decimal | None = None
    ask_quantity: Decimal | None = None

    def opposite(self, side: Side) -> tuple[Decimal, Decimal | None]:
        """Return price and quantity that an order of ``side`` trades against."""
        if side is Side.BUY:
            return self.quote.ask, self.ask_quantity
        return self.quote.bid, self.bid_quantity

    def take(self, side: Side, quantity: Decimal) -> None:
        """Remove what was traded."""
        if side is Side.BUY and self.ask_quantity is not None:
            self.ask_quantity -= quantity
        elif side is Side.SELL and self.bid_quantity is not None:
            self.bid_quantity -= quantity


class Entry(msgspec.Struct, eq=False):
    """An order in the books, with what it still holds of an asset.

    One with a stop price waits for it; of a pair, the first holds for both.
    """

    order: VenueOrder
    time_in_force: TimeInForce
    held_asset: str
    held: Decimal
    trigger: Trigger | None = None
    stop_price: Decimal | None = None
    waits: bool = False
    other: Entry | None = None

    @property
    def left(self) -> Decimal:
        """The quantity that is not filled."""
        return self.order.quantity - self.order.filled_quantity


def rejected(reason: str, order: NewOrder) -> NonRetriableError:
    """Return the error of a decoded rejection."""
    return NonRetriableError(
        "ORDER_001",
        f"{order.symbol}: {reason}",
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        reason=reason,
    )


class Books:
    """One account. Reports go to ``report`` in the order in which things happen.

    Args:
        instruments: what can be traded.
        funds: free amounts by asset.
        fee_rate: commission as a share of the received asset, both for makers and takers.
        now: nanoseconds since the epoch.
        report: is called with every new state of an order and every execution.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        funds: Mapping[str, Decimal],
        fee_rate: Decimal,
        now: Callable[[], int],
        report: Callable[[VenueOrder | VenueFill], None],
    ) -> None:
        self.instruments = {instrument.symbol: instrument for instrument in instruments}
        self.entries: list[Entry] = []
        self.fills: list[VenueFill] = []
        self._free = dict(funds)
        self._held: dict[str, Decimal] = {}
        self._depths: dict[str, Depth] = {}
        self._fee_rate = fee_rate
        self._now = now
        self._report = report
        self._order_ids = count(1)
        self._trade_ids = count(1)

    def balances(self) -> dict[str, Balance]:
        """Return what is not zero."""
        totals = {
            asset: self._free.get(asset, ZERO) + self._held.get(asset, ZERO)
            for asset in sorted({*self._free, *self._held})
        }
        return {
            asset: Balance(asset=asset, free=self._free.get(asset, ZERO), total=total)
            for asset, total in totals.items()
            if total
        }

    def find(self, symbol: str, client_order_id: str) -> Entry | None:
        """Return the newest order of that id."""
        for entry in reversed(self.entries):
            if (entry.order.symbol, entry.order.client_order_id) == (symbol, client_order_id):
                return entry
        return None

    def working(self, symbol: str) -> list[Entry]:
        """Return the open orders of a symbol, oldest first."""
        return [
            entry
            for entry in self.entries
            if entry.order.symbol == symbol and entry.order.status is VenueOrderStatus.OPEN
        ]

    def place(self, order: NewOrder) -> VenueOrder:
        """Check, take and match an order.

        Raises:
            NonRetriableError: ORDER_001.
        """
        instrument = self._checked(order)
        entry = self._enter(order, instrument, self._needed(order))
        self._report(entry.order)
        if entry.waits:
            return entry.order
        self._match(entry, Liquidity.TAKER)
        lives_on = order.type is OrderType.LIMIT and order.time_in_force is TimeInForce.GTC
        if entry.order.status is VenueOrderStatus.OPEN and not lives_on:
            self._end(entry, VenueOrderStatus.EXPIRED)
        return entry.order

    def place_pair(self, first: NewOrder, second: NewOrder) -> tuple[VenueOrder, VenueOrder]:
        """Check and take two orders that wait, of which one cancels the other.

        Raises:
            NonRetriableError: ORDER_001.
        """
        instrument = self._checked(first)
        self._checked(second)
        one = self._enter(first, instrument, self._needed(first))
        other = self._enter(second, instrument, ZERO)
        one.other, other.other = other, one
        self._report(one.order)
        self._report(other.order)
        return one.order, other.order

    def cancel(self, symbol: str, client_order_id: str) -> VenueOrder:
        """End a working order, and the other of its pair.

        Raises:
            NonRetriableError: ORDER_003.
        """
        entry = self.find(symbol, client_order_id)
        if entry is None or entry.order.status is not VenueOrderStatus.OPEN:
            raise NonRetriableError(
                "ORDER_003",
                f"{symbol}: unknown order {client_order_id}",
                symbol=symbol,
                client_order_id=client_order_id,
            )
        self._end_other(entry, VenueOrderStatus.CANCELLED)
        self._end(entry, VenueOrderStatus.CANCELLED)
        return entry.order

    def quote(self, depth: Depth) -> None:
        """Move the market; working orders that it reaches are filled at their limit, waiting ones begin to work."""
        self._depths[depth.quote.symbol] = depth
        for entry in self.working(depth.quote.symbol):
            if entry.order.status is not VenueOrderStatus.OPEN:
                continue  # it ended with the other of its pair
            if not entry.waits:
                self._match(entry, Liquidity.MAKER)
            elif _is_reached(entry.trigger, entry.stop_price, depth.opposite(entry.order.side)[0]):
                self._begin_work(entry)

    def _begin_work(self, entry: Entry) -> None:
        entry.waits = False
        self._end_other(entry, VenueOrderStatus.EXPIRED)
        self._match(entry, Liquidity.TAKER)
        if entry.order.status is VenueOrderStatus.OPEN:
            self._end(entry, VenueOrderStatus.EXPIRED)

    def _end_other(self, entry: Entry, status: VenueOrderStatus) -> None:
        """End the other of a pair; what it held is held on."""
        other, entry.other = entry.other, None
        if other is None:
            return
        other.other = None
        entry.held, other.held = entry.held + other.held, ZERO
        self._end(other, status)

    def _checked(self, order: NewOrder) -> Instrument:
        instrument = self.instruments.get(order.symbol)
        if instrument is None:
            raise rejected("invalid symbol", order)
        if not instrument.is_active:
            raise rejected("market is closed", order)
        if not CLIENT_ORDER_ID.fullmatch(order.client_order_id):
            raise rejected("illegal characters in the client order id", order)
        market = None if order.type is OrderType.LIMIT else self._market_price(order)
        price = order.stop_price or order.limit_price or market
        if price is None:
            raise rejected("a limit order needs a price", order)
        if order.trigger is not None and _is_reached(order.trigger, order.stop_price, market):
            raise rejected("stop price would trigger immediately", order)
        reason = broken_filter(instrument, order, price)
        if reason is not None:
            raise rejected(reason, order)
        return instrument

    def _market_price(self, order: NewOrder) -> Decimal:
        depth = self._depths.get(order.symbol)
        if depth is None:
            raise rejected("the market has no price yet", order)
        return depth.opposite(order.side)[0]

    def _needed(self, order: NewOrder) -> Decimal:
        price = order.limit_price if order.type is OrderType.LIMIT else self._market_price(order)
        assert price is not None
        return order.quantity * price if order.side is Side.BUY else order.quantity

    def _enter(self, order: NewOrder, instrument: Instrument, held: Decimal) -> Entry:
        asset = instrument.quote if order.side is Side.BUY else instrument.base
        if held > self._free.get(asset, ZERO):
            raise rejected("account has insufficient balance for requested action", order)
        self._move(asset, free=-held, held=held)
        taken = VenueOrder(
            client_order_id=order.client_order_id,
            venue_order_id=str(next(self._order_ids)),
            symbol=order.symbol,
            side=order.side,
            type=order.type,
            status=VenueOrderStatus.OPEN,
            quantity=order.quantity,
            filled_quantity=ZERO,
            limit_price=order.limit_price if order.type is OrderType.LIMIT else None,
            created_at=self._time(),
        )
        entry = Entry(taken, order.time_in_force, asset, held, order.trigger, order.stop_price)
        entry.waits = order.trigger is not None
        self.entries.append(entry)
        return entry

    def _match(self, entry: Entry, liquidity: Liquidity) -> None:
        depth = self._depths.get(entry.order.symbol)
        if depth is None:
            return
        order = entry.order
        price, available = depth.opposite(order.side)
        limit = order.limit_price
        if limit is not None and (price > limit if order.side is Side.BUY else price < limit):
            return
        if liquidity is Liquidity.MAKER and limit is not None:
            price = limit
        quantity = entry.left if available is None else min(entry.left, available)
        if quantity > ZERO:
            depth.take(order.side, quantity)
            self._fill(entry, quantity, price, liquidity)

    def _fill(self, entry: Entry, quantity: Decimal, price: Decimal, liquidity: Liquidity) -> None:
        order = entry.order
        instrument = self.instruments[order.symbol]
        paid = quantity * price if order.side is Side.BUY else quantity
        received = quantity if order.side is Side.BUY else quantity * price
        received_asset = instrument.base if order.side is Side.BUY else instrument.quote
        fee = (received * self._fee_rate).quantize(SMALLEST, rounding=ROUND_DOWN)
        entry.held -= paid
        self._move(entry.held_asset, held=-paid)
        self._move(received_asset, free=received - fee)
        fill = VenueFill(
            trade_id=str(next(self._trade_ids)),
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            fee=fee,
            fee_asset=received_asset,
            liquidity=liquidity,
            venue_time=self._time(),
        )
        self.fills.append(fill)
        self._report(fill)
        entry.order = msgspec.structs.replace(order, filled_quantity=order.filled_quantity + quantity)
        if entry.left:
            self._report(entry.order)
        else:
            self._end(entry, VenueOrderStatus.FILLED)

    def _end(self, entry: Entry, status: VenueOrderStatus) -> None:
        self._move(entry.held_asset, free=entry.held, held=-entry.held)
        entry.held = ZERO
        entry.order = msgspec.structs.replace(entry.order, status=status)
        self._report(entry.order)

    def _move(self, asset: str, *, free: Decimal = ZERO, held: Decimal = ZERO) -> None:
        self._free[asset] = self._free.get(asset, ZERO) + free
        self._held[asset] = self._held.get(asset, ZERO) + held

    def _time(self) -> int:
        return self._now() // MILLISECOND * MILLISECOND


def broken_filter(instrument: Instrument, order: NewOrder, price: Decimal) -> str | None:
    """Return the rule that an order breaks, in the venue's words, or None."""
    if price <= ZERO or price % instrument.tick:
        return "filter failure: PRICE_FILTER"
    if order.quantity < instrument.minimum_quantity or order.quantity % instrument.lot:
        return "filter failure: LOT_SIZE"
    if order.quantity * price < instrument.minimum_notional:
        return "filter failure: NOTIONAL"
    return None


def _is_reached(trigger: Trigger | None, stop_price: Decimal | None, price: Decimal | None) -> bool:
    """Whether the price that a sell gets is at or past its stop price."""
    if stop_price is None or price is None:
        return False
    return price <= stop_price if trigger is Trigger.STOP_LOSS else price >= stop_price
