"""Lives of accounts and orders as they could really be: money first, then quotes, orders and their fills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from support.events import SYMBOLS
from trading_bot.contract.events import Event
from trading_bot.contract.events.account import BalanceAdopted, DayStarted
from trading_bot.contract.events.market import InstrumentListed, QuoteConflated
from trading_bot.contract.events.trading import (
    LearnedBy,
    Liquidity,
    OrderAcknowledged,
    OrderCancelled,
    OrderFilled,
    OrderIntended,
    OrderOutcomeLost,
    OrderRejected,
    OrderSent,
    OrderType,
    Side,
    TimeInForce,
)

OPENING = Decimal(100_000)
PRICES = st.decimals("0.5", "50", places=3)
SHARES = st.decimals("0", "0.01", places=4)


def opening() -> list[Event]:
    listed = [
        InstrumentListed(
            symbol=symbol,
            base=symbol.partition("/")[0],
            quote="USD",
            tick=Decimal("0.001"),
            lot=Decimal("0.01"),
            minimum_quantity=Decimal("0.01"),
            minimum_notional=Decimal(1),
        )
        for symbol in SYMBOLS
    ]
    money = BalanceAdopted(asset="USD", previous=Decimal(0), amount=OPENING, reason="opening")
    return [*listed, money, *(quote(symbol, Decimal(10)) for symbol in SYMBOLS), day(OPENING)]


def day(equity: Decimal) -> Event:
    return DayStarted(day="2026-11-22", equity=equity)


def quote(symbol: str, middle: Decimal) -> Event:
    half = middle / 1000
    return QuoteConflated(
        symbol=symbol, bid=middle - half, ask=middle + half, venue_time=None, received_at=1, messages=1
    )


def intent(
    name: str, symbol: str, side: Side, quantity: Decimal, price: Decimal, **other: Any
) -> OrderIntended:
    fields = {"type": OrderType.MARKET, "limit_price": None, "strategy": "trend", **other}
    return OrderIntended(
        client_order_id=name,
        symbol=symbol,
        side=side,
        time_in_force=TimeInForce.IOC,
        quantity=quantity,
        reference_price=price,
        generation=1,
        **fields,
    )


def fill_of(
    order: OrderIntended, trade_id: str, quantity: Decimal, price: Decimal, fee: Decimal, fee_asset: str
) -> OrderFilled:
    return OrderFilled(
        client_order_id=order.client_order_id,
        trade_id=trade_id,
        symbol=order.symbol,
        side=order.side,
        quantity=quantity,
        price=price,
        fee=fee,
        fee_asset=fee_asset,
        liquidity=Liquidity.TAKER,
        venue_time=1,
        learned_by=LearnedBy.STREAM,
        latency_ns=None,
    )


def sent(order: OrderIntended) -> OrderSent:
    return OrderSent(client_order_id=order.client_order_id)


def acknowledged(order: OrderIntended) -> OrderAcknowledged:
    return OrderAcknowledged(
        client_order_id=order.client_order_id,
        venue_order_id=f"v-{order.client_order_id}",
        learned_by=LearnedBy.ANSWER,
        latency_ns=1_000_000,
    )


def cancelled(order: OrderIntended) -> OrderCancelled:
    return OrderCancelled(
        client_order_id=order.client_order_id, reason="expired", learned_by=LearnedBy.ANSWER
    )


def rejected(order: OrderIntended) -> OrderRejected:
    return OrderRejected(
        client_order_id=order.client_order_id, reason="refused", error_code="ORDER_001", message="refused"
    )


def lost(order: OrderIntended) -> OrderOutcomeLost:
    return OrderOutcomeLost(client_order_id=order.client_order_id, message="no answer")


@st.composite
def lives(draw: st.DrawFn, longest: int = 8) -> list[Event]:
    """Draw an account's life: it buys what it can pay for and sells at most what it holds."""
    events = opening()
    held = dict.fromkeys(SYMBOLS, Decimal(0))
    for number in range(draw(st.integers(0, longest))):
        symbol = draw(st.sampled_from(SYMBOLS))
        events.append(quote(symbol, draw(PRICES)))
        events += _order(draw, f"order-{number}", symbol, held)
    return events


def _order(draw: st.DrawFn, name: str, symbol: str, held: dict[str, Decimal]) -> list[Event]:
    sells = held[symbol] > 1 and draw(st.booleans())
    most = held[symbol] / 2 if sells else Decimal(100)
    quantity = draw(st.decimals("0.01", most, places=2))
    price = draw(PRICES)
    order = intent(name, symbol, Side.SELL if sells else Side.BUY, quantity, price)
    way = draw(st.sampled_from(("filled", "in parts", "cancelled", "rejected", "lost and filled")))
    if way == "rejected":
        return [order, sent(order), rejected(order)]
    doubt = [lost(order)] if way == "lost and filled" else [acknowledged(order)]
    if way == "cancelled":
        return [order, sent(order), *doubt, cancelled(order)]
    parts = [quantity] if way != "in parts" else [quantity / 4, quantity - quantity / 4]
    fills = [_fill(draw, order, f"{name}-{index}", part, price) for index, part in enumerate(parts)]
    base = symbol.partition("/")[0]
    for fill in fills:
        fee = fill.fee if fill.fee_asset == base else Decimal(0)
        held[symbol] += (fill.quantity if fill.side is Side.BUY else -fill.quantity) - fee
    return [order, sent(order), *doubt, *fills]


def _fill(
    draw: st.DrawFn, order: OrderIntended, trade: str, quantity: Decimal, price: Decimal
) -> OrderFilled:
    share = draw(SHARES)
    asset = draw(st.sampled_from((order.symbol.partition("/")[0], "USD")))
    fee = quantity * share if asset != "USD" else quantity * price * share
    return fill_of(order, trade, quantity, price, fee, asset)
