"""The matching engine: from an order and a book to fills and balances. No I/O, no clock, no randomness."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal

import msgspec

from trading_bot.domain.instruments import Instrument
from trading_bot.exchange import refusals
from trading_bot.exchange.listing import ASSET_STEP, MOST_PRICE, MOST_QUANTITY
from trading_bot.exchange.orders import (
    AT_MARKET,
    CONDITIONAL,
    STOP_LOSSES,
    ZERO,
    Account,
    Order,
    OrderRequest,
    OrderType,
    Side,
    Status,
    TimeInForce,
    Trade,
)


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """How much the other traders offer at a price."""

    price: Decimal
    quantity: Decimal


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """Bids and asks, best first, neither empty."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]

    def against(self, side: Side) -> tuple[Level, ...]:
        """Return what an order of ``side`` trades with."""
        return self.asks if side is Side.BUY else self.bids

    def with_at_most(self, quantity: Decimal) -> Book:
        """Return the book with no more than ``quantity`` on each side; a level that is left may hold nothing."""
        return Book(bids=_first(self.bids, quantity), asks=_first(self.asks, quantity))


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a step changes: the order afterwards, its new trades, the account afterwards.

    ``other`` is the second order of its pair, where the step changed it too. ``triggered``: the order began
    to work with this step.
    """

    order: Order
    trades: tuple[Trade, ...]
    account: Account
    other: Order | None = None
    triggered: bool = False


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a step is carried out under. ``next_trade_id`` is the id of the first trade it makes."""

    instrument: Instrument
    now_ns: int
    next_trade_id: int
    commission_rate: Decimal


def check_filters(request: OrderRequest, instrument: Instrument, last_price: Decimal) -> None:
    """Refuse an order that breaks the market's filters.

    Args:
        request: the order.
        instrument: the market's tick, lot and minima.
        last_price: values a MARKET order for the notional filter.

    Raises:
        Refusal: -1013 with the name of the filter.
    """
    prices = [] if request.type in AT_MARKET else [request.price]
    prices += [request.stop_price] if request.type in CONDITIONAL else []
    if not all(_in_steps(price, instrument.tick, MOST_PRICE) for price in prices):
        raise refusals.filter_failure("PRICE_FILTER")
    if not _in_steps(request.quantity, instrument.lot, MOST_QUANTITY):
        raise refusals.filter_failure("LOT_SIZE")
    if request.quantity < instrument.minimum_quantity:
        raise refusals.filter_failure("LOT_SIZE")
    price = request.price or request.stop_price or last_price
    if request.quantity * price < instrument.minimum_notional:
        raise refusals.filter_failure("NOTIONAL")


def is_reached(order: OrderRequest | Order, last_price: Decimal) -> bool:
    """Whether the last price is at or past a stop price, seen from where the order waits for it."""
    falls = (order.type in STOP_LOSSES) == (order.side is Side.SELL)
    return last_price <= order.stop_price if falls else last_price >= order.stop_price


def affordable(levels: Iterable[Level], notional: Decimal, lot: Decimal) -> Decimal:
    """Return the most, in whole lots, that trades for no more than ``notional``, from the first level on."""
    quantity = ZERO
    for level in levels:
        share = min(level.quantity, notional / level.price // lot * lot)
        quantity, notional = quantity + share, notional - share * level.price
        if share < level.quantity:
            break
    return quantity


def place(order: Order, book: Book, account: Account, terms: Terms) -> Effect:
    """Carry out an order that has just arrived: fill what can be filled, then rest or expire the others.

    One that waits for its stop price only locks what it needs.

    Raises:
        Refusal: -2010 when the account cannot pay for it, or a LIMIT_MAKER would trade.
    """
    available = crossing(order, book) if order.working else ()
    if order.type is OrderType.LIMIT_MAKER and available:
        raise refusals.would_take()
    fills = () if _falls_short(order, available) else taken(available, order.remaining)
    asset, needed = _needed(order, fills, book.asks[0].price, terms.instrument)
    if account.balance(asset).free < needed:
        raise refusals.insufficient_balance()
    locked = account.changed(asset, free=-needed, locked=needed)
    return _settled(order, fills, locked, terms, locked_before=needed, maker=False)


def place_pair(first: Order, second: Order, book: Book, account: Account, terms: Terms) -> Effect:
    """Let two orders of which one cancels the other rest; what they lock is locked once.

    Raises:
        Refusal: -2010 when the account cannot pay, or the one that rests would trade at once.
    """
    if any(each.type is OrderType.LIMIT_MAKER and crossing(each, book) for each in (first, second)):
        raise refusals.would_take()
    asset, needed = _locked_by_pair(first, second, terms.instrument)
    if account.balance(asset).free < needed:
        raise refusals.insufficient_balance()
    locked = account.changed(asset, free=-needed, locked=needed)
    return Effect(order=first, other=second, trades=(), account=locked)


def released(order: Order, other: Order, account: Account, terms: Terms) -> Account:
    """Return the account when the other of a pair locks nothing any more."""
    asset, together = _locked_by_pair(order, other, terms.instrument)
    alone = _locked(order, terms.instrument)[1]
    return account.changed(asset, free=together - alone, locked=alone - together)


def expired(order: Order, now_ns: int) -> Order:
    """Return an order that ends because the other of its pair trades."""
    return msgspec.structs.replace(order, status=Status.EXPIRED, updated_ns=now_ns)


def trigger(order: Order, book: Book, account: Account, terms: Terms) -> Effect:
    """Let an order whose stop price is reached begin to work: it meets the book as one that has just arrived."""
    working = msgspec.structs.replace(order, working=True, updated_ns=terms.now_ns)
    asset, before = _locked(order, terms.instrument)
    available = crossing(working, book)
    fills = () if _falls_short(working, available) else taken(available, working.remaining)
    if order.side is Side.BUY and order.type in AT_MARKET:
        # what it locked was an estimate: it buys no more than the account can pay for
        money = before + account.balance(asset).free
        fills = taken(fills, affordable(fills, money, terms.instrument.lot))
    effect = _settled(working, fills, account, terms, locked_before=before, maker=False)
    return msgspec.structs.replace(effect, triggered=True)


def fill_resting(order: Order, book: Book, account: Account, terms: Terms) -> Effect | None:
    """Fill an open order as far as the book crosses its price, at its own price; None when it does not."""
    fills = tuple(
        Level(price=order.price, quantity=fill.quantity)
        for fill in taken(crossing(order, book), order.remaining)
    )
    if not fills:
        return None
    before = _locked(order, terms.instrument)[1]
    return _settled(order, fills, account, terms, locked_before=before, maker=True)


def cancel(order: Order, account: Account, terms: Terms) -> Effect:
    """End an open order and free what it had locked."""
    asset, locked = _locked(order, terms.instrument)
    ended = msgspec.structs.replace(order, status=Status.CANCELED, updated_ns=terms.now_ns)
    return Effect(order=ended, trades=(), account=account.changed(asset, free=locked, locked=-locked))


def crossing(order: Order, book: Book) -> tuple[Level, ...]:
    """Return the levels that the order may trade with, best first."""
    levels = book.against(order.side)
    if order.type in AT_MARKET:
        return levels
    if order.side is Side.BUY:
        return tuple(level for level in levels if level.price <= order.price)
    return tuple(level for level in levels if level.price >= order.price)


def taken(levels: Iterable[Level], quantity: Decimal) -> tuple[Level, ...]:
    """Return what an order of ``quantity`` takes from each level, from the first on."""
    fills: list[Level] = []
    for level in levels:
        share = min(level.quantity, quantity)
        if share <= 0:
            break
        fills.append(Level(price=level.price, quantity=share))
        quantity -= share
    return tuple(fills)


def _first(side: tuple[Level, ...], quantity: Decimal) -> tuple[Level, ...]:
    return taken(side, quantity) or (Level(price=side[0].price, quantity=ZERO),)


def _in_steps(value: Decimal, step: Decimal, most: Decimal) -> bool:
    return 0 < value <= most and value % step == 0


def _falls_short(order: Order, available: tuple[Level, ...]) -> bool:
    offered = sum((level.quantity for level in available), ZERO)
    return order.time_in_force is TimeInForce.FOK and offered < order.quantity


def _needed(
    order: Order, fills: tuple[Level, ...], touch: Decimal, instrument: Instrument
) -> tuple[str, Decimal]:
    """Return the asset that pays for the order, and how much of it must be free.

    A buyer at the market must be able to pay for all of it at the best ask, however little is offered.
    """
    if not order.working:
        return _locked(order, instrument)
    if order.side is Side.SELL:
        return instrument.base, order.quantity
    if order.type is OrderType.MARKET:
        return instrument.quote, max(_cost(fills), order.quantity * touch)
    return instrument.quote, order.quantity * order.price


def _locked(order: Order, instrument: Instrument) -> tuple[str, Decimal]:
    """Return what an order keeps locked while it is open: its remainder, at its own price."""
    if order.side is Side.SELL:
        return instrument.base, order.remaining
    return instrument.quote, order.remaining * (order.price or order.stop_price)


def _locked_by_pair(first: Order, second: Order, instrument: Instrument) -> tuple[str, Decimal]:
    """Return what two orders of which one cancels the other keep locked: as much as the greater."""
    asset, one = _locked(first, instrument)
    return asset, max(one, _locked(second, instrument)[1])


def _cost(fills: Iterable[Level]) -> Decimal:
    return sum((fill.price * fill.quantity for fill in fills), ZERO)


def _settled(
    order: Order,
    fills: tuple[Level, ...],
    account: Account,
    terms: Terms,
    *,
    locked_before: Decimal,
    maker: bool,
) -> Effect:
    """Book fills: what was locked pays for them, what they bring is received, the rest is freed or stays."""
    quantity, cost = sum((fill.quantity for fill in fills), ZERO), _cost(fills)
    trades = tuple(_trade(order, fill, place, terms, maker=maker) for place, fill in enumerate(fills))
    after = _advanced(order, quantity, cost, terms.now_ns)
    paying, still_locked = _locked(after, terms.instrument)
    paid, received_asset, received = (
        (cost, terms.instrument.base, quantity)
        if order.side is Side.BUY
        else (quantity, terms.instrument.quote, cost)
    )
    still_locked = still_locked if after.open else ZERO
    account = account.changed(
        paying, free=locked_before - paid - still_locked, locked=still_locked - locked_before
    )
    commission = sum((trade.commission for trade in trades), ZERO)
    return Effect(
        order=after, trades=trades, account=account.changed(received_asset, free=received - commission)
    )


def _trade(order: Order, fill: Level, place: int, terms: Terms, *, maker: bool) -> Trade:
    buying = order.side is Side.BUY
    received = fill.quantity if buying else fill.quantity * fill.price
    return Trade(
        trade_id=terms.next_trade_id + place,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        price=fill.price,
        quantity=fill.quantity,
        commission=(received * terms.commission_rate).quantize(ASSET_STEP, rounding=ROUND_DOWN),
        commission_asset=terms.instrument.base if buying else terms.instrument.quote,
        maker=maker,
        time_ns=terms.now_ns,
    )


def _advanced(order: Order, quantity: Decimal, cost: Decimal, now_ns: int) -> Order:
    executed = order.executed + quantity
    return msgspec.structs.replace(
        order,
        executed=executed,
        executed_quote=order.executed_quote + cost,
        status=_status(order, executed),
        updated_ns=now_ns,
    )


def _status(order: Order, executed: Decimal) -> Status:
    if executed == order.quantity:
        return Status.FILLED
    if not order.working:
        return Status.NEW
    if order.type in AT_MARKET or order.time_in_force is not TimeInForce.GTC:
        return Status.EXPIRED
    return Status.PARTIALLY_FILLED if executed else Status.NEW
