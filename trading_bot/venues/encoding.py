"""Orders as ccxt takes them."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.events.trading import OrderType, Trigger
from trading_bot.venues.decoding import ZERO, text
from trading_bot.venues.protocol import NewOrder

STOP_PRICES: Final = {Trigger.STOP_LOSS: "stopLossPrice", Trigger.TAKE_PROFIT: "takeProfitPrice"}
"""ccxt's names."""


def parameters_of(order: NewOrder) -> dict[str, str]:
    """Return what ccxt takes beside symbol, type, side, amount and price."""
    parameters = {"clientOrderId": order.client_order_id}
    if order.type is OrderType.LIMIT:
        parameters["timeInForce"] = order.time_in_force.value.upper()
    if order.trigger is not None and order.stop_price is not None:
        parameters[STOP_PRICES[order.trigger]] = text(order.stop_price)
    return parameters


def pair_parameters(market_id: str, above: NewOrder, below: NewOrder) -> dict[str, str]:
    """Return Binance's parameters of a new OCO: a profit taken above the price, a loss stopped below it."""
    return {
        "symbol": market_id,
        "side": above.side.value.upper(),
        "quantity": text(above.quantity),
        "aboveType": "TAKE_PROFIT",
        "aboveClientOrderId": above.client_order_id,
        "aboveStopPrice": text(above.stop_price or ZERO),
        "belowType": "STOP_LOSS",
        "belowClientOrderId": below.client_order_id,
        "belowStopPrice": text(below.stop_price or ZERO),
        "newOrderRespType": "RESULT",
    }
