"""Small things that tests of the simulated exchange share."""

from __future__ import annotations

from decimal import Decimal

from trading_bot.domain.instruments import Instrument
from trading_bot.exchange.matching import Book, Level, Terms
from trading_bot.exchange.orders import (
    CONDITIONAL,
    NO_LIST,
    Account,
    Balance,
    Order,
    OrderRequest,
    OrderType,
    Side,
    TimeInForce,
)

INSTRUMENT = Instrument(
    symbol="EUR/USD",
    base="EUR",
    quote="USD",
    tick=Decimal("0.01"),
    lot=Decimal("0.1"),
    minimum_quantity=Decimal("0.1"),
    minimum_notional=Decimal(5),
)
RATE = Decimal("0.001")


def terms(now_ns: int = 1, next_trade_id: int = 1) -> Terms:
    return Terms(instrument=INSTRUMENT, now_ns=now_ns, next_trade_id=next_trade_id, commission_rate=RATE)


def book(bids: str, asks: str) -> Book:
    """Return a book from text: ``"9.9x5 9.8x10"`` is 5 at 9.9 and 10 at 9.8."""
    return Book(bids=levels(bids), asks=levels(asks))


def levels(text: str) -> tuple[Level, ...]:
    pairs = [entry.split("x") for entry in text.split()]
    return tuple(Level(price=Decimal(price), quantity=Decimal(quantity)) for price, quantity in pairs)


def account(**free: str) -> Account:
    return Account(balances={asset: Balance(free=Decimal(amount)) for asset, amount in free.items()})


def request(
    side: str,
    quantity: str,
    price: str | None = None,
    *,
    time_in_force: str = "GTC",
    kind: str | None = None,
    client_order_id: str = "mine",
) -> OrderRequest:
    return OrderRequest(
        symbol="EUR/USD",
        side=Side(side),
        type=OrderType(kind or ("LIMIT" if price else "MARKET")),
        quantity=Decimal(quantity),
        client_order_id=client_order_id,
        price=Decimal(price or 0),
        time_in_force=TimeInForce(time_in_force),
    )


def order(wanted: OrderRequest, order_id: int = 1, now_ns: int = 1, list_id: int = NO_LIST) -> Order:
    return Order(
        order_id=order_id,
        client_order_id=wanted.client_order_id,
        symbol=wanted.symbol,
        side=wanted.side,
        type=wanted.type,
        time_in_force=wanted.time_in_force,
        price=wanted.price,
        quantity=wanted.quantity,
        created_ns=now_ns,
        updated_ns=now_ns,
        stop_price=wanted.stop_price,
        working=wanted.type not in CONDITIONAL,
        list_id=list_id,
    )
