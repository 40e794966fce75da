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
    """What is asked for. A LIMIT_MAKER is refused when it would trade at once."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"


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
    """An order as a client asks for it. ``price`` is zero for a MARKET order."""

    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    client_order_id: str
    price: Decimal = ZERO
    time_in_force: TimeInForce = TimeInForce.GTC


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was accepted. ``executed_quote`` is what its fills cost or brought, before commission."""

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

    @property
    def remaining(self) -> Decimal:
        """What is not filled."""
        return self.quantity - self.executed

    @property
    def open(self) -> bool:
        """Whether it may still be filled."""
        return self.status in OPEN


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
