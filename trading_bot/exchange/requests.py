"""What a client sent, read into typed values; what cannot be read is refused as Binance refuses it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

from trading_bot.exchange import refusals
from trading_bot.exchange.orders import (
    AT_MARKET,
    CONDITIONAL,
    STOP_LOSSES,
    TAKE_PROFITS,
    WITH_TIME_IN_FORCE,
    ZERO,
    OrderRequest,
    OrderType,
    Side,
    TimeInForce,
)
from trading_bot.exchange.refusals import Refusal

Choice = TypeVar("Choice", bound=StrEnum)

MILLISECOND: Final = 1_000_000
CLIENT_ORDER_ID: Final = re.compile(r"[a-zA-Z0-9-_]{1,36}")
LONGEST_NUMBER: Final = 20


class Parameters:
    """The parameters of one request, query and body together."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        """Return a parameter that must be there: else -1102."""
        value = self._values.get(name)
        if not value:
            raise refusals.missing_parameter(name)
        return value

    def optional(self, name: str) -> str | None:
        """Return a parameter or None."""
        return self._values.get(name) or None

    def whole(self, name: str) -> int | None:
        """Return a whole number that is not negative, or None when it was not sent."""
        value = self.optional(name)
        if value is None:
            return None
        if not value.isdecimal() or len(value) > LONGEST_NUMBER:
            raise refusals.illegal_characters(name, "^[0-9]{1,20}$")
        return int(value)

    def time_ns(self, name: str) -> int | None:
        """Return a time, which is sent in milliseconds."""
        value = self.whole(name)
        return None if value is None else value * MILLISECOND

    def limit(self, default: int, most: int) -> int:
        """Return how many are wanted, at most ``most``."""
        value = self.whole("limit")
        return min(value or default, most)

    def positive(self, name: str) -> Decimal:
        """Return a decimal above zero: else -1102 or -1100."""
        text = self.text(name)
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = ZERO
        if not (value.is_finite() and value > 0) or len(text) > LONGEST_NUMBER:
            raise refusals.illegal_characters(name, "^([0-9]{1,20})(\\.[0-9]{1,20})?$")
        return value

    def client_order_id(self, name: str) -> str | None:
        """Return an id that the client chose, at most 36 of letters, digits, - and _."""
        value = self.optional(name)
        if value is not None and not CLIENT_ORDER_ID.fullmatch(value):
            raise refusals.illegal_characters(name, "^[a-zA-Z0-9-_]{1,36}$")
        return value

    def choice(self, name: str, kind: type[Choice], otherwise: Refusal) -> Choice:
        """Return a member of ``kind``; ``otherwise`` is raised for another word."""
        text = self.text(name)
        if text not in list(kind):
            raise otherwise
        return kind(text)


class OrderKey(msgspec.Struct, frozen=True, kw_only=True):
    """Which order is meant: by the exchange's id or by the client's."""

    order_id: int | None
    client_order_id: str | None


def order_key(parameters: Parameters) -> OrderKey:
    """Return which order is meant: -1102 when neither id was sent."""
    key = OrderKey(
        order_id=parameters.whole("orderId"), client_order_id=parameters.optional("origClientOrderId")
    )
    if key.order_id is None and key.client_order_id is None:
        raise refusals.missing_parameter("orderId")
    return key


def order_request(parameters: Parameters, symbol: str) -> OrderRequest:
    """Return the order that a client asks for, on a market that exists."""
    kind = parameters.choice("type", OrderType, refusals.invalid_order_type())
    for name, wanted in WANTED.items():
        if parameters.optional(name) is not None and kind not in wanted:
            raise refusals.parameter_not_required(name)
    by_notional = parameters.optional("quoteOrderQty") is not None
    if by_notional and parameters.optional("quantity") is not None:
        raise refusals.parameter_not_required("quantity")
    timed = kind in WITH_TIME_IN_FORCE
    return OrderRequest(
        symbol=symbol,
        side=parameters.choice("side", Side, refusals.invalid_side()),
        type=kind,
        quantity=ZERO if by_notional else parameters.positive("quantity"),
        client_order_id=parameters.client_order_id("newClientOrderId") or "",
        price=ZERO if kind in AT_MARKET else parameters.positive("price"),
        time_in_force=_time_in_force(parameters, "timeInForce") if timed else TimeInForce.GTC,
        stop_price=parameters.positive("stopPrice") if kind in CONDITIONAL else ZERO,
        quote_quantity=parameters.positive("quoteOrderQty") if by_notional else ZERO,
    )


def pair_requests(parameters: Parameters, symbol: str) -> tuple[OrderRequest, OrderRequest]:
    """Return the two orders of a new OCO: the one above the price, then the one below."""
    side = parameters.choice("side", Side, refusals.invalid_side())
    quantity = parameters.positive("quantity")
    above, below = (_leg(parameters, symbol, side, quantity, place) for place in ("above", "below"))
    if (above.type, below.type) not in PAIRS[side]:
        raise refusals.bad_pair()
    return above, below


def _leg(parameters: Parameters, symbol: str, side: Side, quantity: Decimal, place: str) -> OrderRequest:
    kind = parameters.choice(f"{place}Type", OrderType, refusals.invalid_order_type())
    timed = kind in WITH_TIME_IN_FORCE
    return OrderRequest(
        symbol=symbol,
        side=side,
        type=kind,
        quantity=quantity,
        client_order_id=parameters.client_order_id(f"{place}ClientOrderId") or uuid.uuid4().hex,
        price=ZERO if kind in AT_MARKET else parameters.positive(f"{place}Price"),
        time_in_force=_time_in_force(parameters, f"{place}TimeInForce") if timed else TimeInForce.GTC,
        stop_price=parameters.positive(f"{place}StopPrice") if kind in CONDITIONAL else ZERO,
    )


def _time_in_force(parameters: Parameters, name: str) -> TimeInForce:
    return parameters.choice(name, TimeInForce, refusals.invalid_time_in_force())


# Parameters that only some types of orders may have; the empty ones are not offered here at all.
WANTED: Final = {
    "price": frozenset(OrderType) - AT_MARKET,
    "timeInForce": WITH_TIME_IN_FORCE,
    "stopPrice": CONDITIONAL,
    "quoteOrderQty": frozenset({OrderType.MARKET}),
    "icebergQty": frozenset(),
    "trailingDelta": frozenset(),
}
# What may stand above the price and what below: a profit taken on one side, a loss stopped on the other.
_PROFITS: Final = (OrderType.LIMIT_MAKER, *sorted(TAKE_PROFITS))
PAIRS: Final = {
    Side.SELL: frozenset((profit, loss) for profit in _PROFITS for loss in STOP_LOSSES),
    Side.BUY: frozenset((loss, profit) for profit in _PROFITS for loss in STOP_LOSSES),
}
