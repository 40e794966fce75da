"""Orders, trades and balances, in the exchange's own words."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

ZERO = Decimal(0)


class Side(StrEnum):
    """Who the client is in the trade."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """What is asked for. A LIMIT_MAKER is refused when it would trade at once.

    Those with a stop price wait for it: a stop loss for a price that runs away, a take profit for one that
    comes. Then they are a market order, or a limit order at their price.
    """

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"
    STOP_LOSS = "STOP_LOSS"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"


# Orders that take what the market offers, once they work.
AT_MARKET = frozenset({OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT})
WITH_TIME_IN_FORCE = frozenset({OrderType.LIMIT, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT})
STOP_LOSSES = frozenset({OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT})
TAKE_PROFITS = frozenset({OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT})
CONDITIONAL = STOP_LOSSES | TAKE_PROFITS
NO_LIST = -1


class TimeInForce(StrEnum):
    """What happens to what is not filled at once: it rests, it goes, or nothing may be filled at all."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class Status(StrEnum):
    """Where an order is in its life. NEW and PARTIALLY_FILLED are open, the others are final."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


OPEN = frozenset({Status.NEW, Status.PARTIALLY_FILLED})


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An order as a client asks for it. ``price`` and ``stop_price`` are zero where there is none.

    ``quote_quantity`` is what a MARKET order is to cost or bring, where that was asked for instead of a quantity.
    """

    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    client_order_id: str
    price: Decimal = ZERO
    time_in_force: TimeInForce = TimeInForce.GTC
    stop_price: Decimal = ZERO
    quote_quantity: Decimal = ZERO


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was accepted. ``executed_quote`` is what its fills cost or brought, before commission.

    ``working`` is false while it waits for its stop price; ``list_id`` names the pair that it belongs to.
    """

    order_id: int
    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: Decimal
    quantity: Decimal
    created_ns: int
    updated_ns: int
    executed: Decimal = ZERO
    executed_quote: Decimal = ZERO
    status: Status = Status.NEW
    stop_price: Decimal = ZERO
    working: bool = True
    list_id: int = NO_LIST
    quote_quantity: Decimal = ZERO

    @property
    def remaining(self) -> Decimal:
        """What is not filled."""
        return self.quantity - self.executed

    @property
    def open(self) -> bool:
        """Whether it may still be filled."""
        return self.status in OPEN


class OrderList(msgspec.Struct, frozen=True, kw_only=True):
    """Two orders of which one cancels the other: the first that trades or is triggered ends the second."""

    list_id: int
    client_list_id: str
    symbol: str
    created_ns: int


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One fill. The commission is taken from what the client receives: base when buying, quote when selling."""

    trade_id: int
    order_id: int
    client_order_id: str
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    commission: Decimal
    commission_asset: str
    maker: bool
    time_ns: int

    @property
    def notional(self) -> Decimal:
        """Price times quantity, in the quote asset."""
        return self.price * self.quantity


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an asset there is: free, and locked in open orders."""

    free: Decimal = ZERO
    locked: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Free and locked."""
        return self.free + self.locked


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The client's money by asset."""

    balances: dict[str, Balance]

    def balance(self, asset: str) -> Balance:
        """Return the balance of an asset, zero for one never held."""
        return self.balances.get(asset, Balance())

    def changed(self, asset: str, *, free: Decimal = ZERO, locked: Decimal = ZERO) -> Account:
        """Return the account with ``free`` and ``locked`` added to one balance."""
        before = self.balance(asset)
        after = Balance(free=before.free + free, locked=before.locked + locked)
        return Account(balances={**self.balances, asset: after})
