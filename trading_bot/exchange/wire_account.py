"""The account as Binance writes it: orders, pairs, trades, balances, and the events that tell of them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from trading_bot.exchange import wire
from trading_bot.exchange.matching import Effect
from trading_bot.exchange.orders import ZERO, Account, Order, OrderList, Trade
from trading_bot.exchange.reports import Execution, Report


def account(holdings: Account, rate: Decimal, now_ns: int) -> wire.Json:
    """Return the account."""
    rates = dict.fromkeys(("maker", "taker"), wire.decimal(rate)) | dict.fromkeys(
        ("buyer", "seller"), wire.decimal(ZERO)
    )
    points = int(rate * 10_000)
    return {
        "makerCommission": points,
        "takerCommission": points,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": rates,
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": wire.milliseconds(now_ns),
        "accountType": "SPOT",
        "balances": balances(holdings, list(holdings.balances)),
        "permissions": ["SPOT"],
        "uid": 1,
    }


def api_restrictions(now_ns: int) -> wire.Json:
    """Return what the client's key may do."""
    return {
        "ipRestrict": True,
        "createTime": wire.milliseconds(now_ns),
        "enableReading": True,
        "enableWithdrawals": False,
        "enableInternalTransfer": False,
        "permitsUniversalTransfer": False,
        "enableMargin": False,
        "enableFutures": False,
        "enableVanillaOptions": False,
        "enablePortfolioMarginTrading": False,
        "enableSpotAndMarginTrading": True,
    }


def balances(holdings: Account, assets: Sequence[str]) -> list[wire.Json]:
    """Return what there is of each asset."""
    return [
        {
            "asset": asset,
            "free": wire.decimal(holdings.balance(asset).free),
            "locked": wire.decimal(holdings.balance(asset).locked),
        }
        for asset in assets
    ]


def order(market_id: str, placed: Order) -> wire.Json:
    """Return an order, as a query answers it."""
    return {
        **_order_head(market_id, placed),
        "stopPrice": wire.decimal(placed.stop_price),
        "icebergQty": wire.decimal(ZERO),
        "time": wire.milliseconds(placed.created_ns),
        "updateTime": wire.milliseconds(placed.updated_ns),
        "isWorking": placed.working,
        "workingTime": _working_time(placed),
    }


def placed_order(market_id: str, effect: Effect) -> wire.Json:
    """Return an order with its first fills, as the answer to placing it."""
    return {
        **_order_head(market_id, effect.order),
        **_stop_price(effect.order),
        "transactTime": wire.milliseconds(effect.order.updated_ns),
        "workingTime": _working_time(effect.order),
        "fills": [
            {
                "price": wire.decimal(trade.price),
                "qty": wire.decimal(trade.quantity),
                "commission": wire.decimal(trade.commission),
                "commissionAsset": trade.commission_asset,
                "tradeId": trade.trade_id,
            }
            for trade in effect.trades
        ],
    }


def cancelled_order(market_id: str, cancelled: Order, cancel_id: str) -> wire.Json:
    """Return an order, as the answer to cancelling it."""
    return {
        **_order_head(market_id, cancelled),
        **_stop_price(cancelled),
        "clientOrderId": cancel_id,
        "origClientOrderId": cancelled.client_order_id,
        "transactTime": wire.milliseconds(cancelled.updated_ns),
    }


def placed_leg(market_id: str, placed: Order) -> wire.Json:
    """Return one order of a pair, as the answer to placing the pair."""
    return {
        **_order_head(market_id, placed),
        **_stop_price(placed),
        "transactTime": wire.milliseconds(placed.created_ns),
        "workingTime": _working_time(placed),
    }


def order_list(market_id: str, pair: OrderList, orders: Sequence[Order]) -> wire.Json:
    """Return a pair of orders of which one cancels the other."""
    running = any(each.open for each in orders)
    return {
        "orderListId": pair.list_id,
        "contingencyType": "OCO",
        "listStatusType": "EXEC_STARTED" if running else "ALL_DONE",
        "listOrderStatus": "EXECUTING" if running else "ALL_DONE",
        "listClientOrderId": pair.client_list_id,
        "transactionTime": wire.milliseconds(max(each.updated_ns for each in orders)),
        "symbol": market_id,
        "orders": [
            {"symbol": market_id, "orderId": each.order_id, "clientOrderId": each.client_order_id}
            for each in orders
        ],
    }


def _working_time(placed: Order) -> int:
    """Return since when an order can trade: -1 while it waits for its stop price."""
    if not placed.working:
        return -1
    return wire.milliseconds(placed.updated_ns if placed.stop_price else placed.created_ns)


def _stop_price(placed: Order) -> wire.Json:
    return {"stopPrice": wire.decimal(placed.stop_price)} if placed.stop_price else {}


def _order_head(market_id: str, placed: Order) -> wire.Json:
    return {
        "symbol": market_id,
        "orderId": placed.order_id,
        "orderListId": placed.list_id,
        "clientOrderId": placed.client_order_id,
        "price": wire.decimal(placed.price),
        "origQty": wire.decimal(placed.quantity),
        "executedQty": wire.decimal(placed.executed),
        "origQuoteOrderQty": wire.decimal(placed.quote_quantity),
        "cummulativeQuoteQty": wire.decimal(placed.executed_quote),
        "status": placed.status.value,
        "timeInForce": placed.time_in_force.value,
        "type": placed.type.value,
        "side": placed.side.value,
        "selfTradePreventionMode": "NONE",
    }


def trade(market_id: str, done: Trade) -> wire.Json:
    """Return one of the client's trades."""
    return {
        "symbol": market_id,
        "id": done.trade_id,
        "orderId": done.order_id,
        "orderListId": -1,
        "price": wire.decimal(done.price),
        "qty": wire.decimal(done.quantity),
        "quoteQty": wire.decimal(done.notional),
        "commission": wire.decimal(done.commission),
        "commissionAsset": done.commission_asset,
        "time": wire.milliseconds(done.time_ns),
        "isBuyer": done.side == "BUY",
        "isMaker": done.maker,
        "isBestMatch": True,
    }


def execution_report(market_id: str, report: Report) -> wire.Json:
    """Return an event of the user data stream about an order."""
    told, fill = report.order, report.trade
    time = wire.milliseconds(told.updated_ns)
    cancelled = report.execution is Execution.CANCELED
    return {
        "e": "executionReport",
        "E": time,
        "s": market_id,
        "c": report.cancel_id if cancelled else told.client_order_id,
        "S": told.side.value,
        "o": told.type.value,
        "f": told.time_in_force.value,
        "q": wire.decimal(told.quantity),
        "p": wire.decimal(told.price),
        "P": wire.decimal(told.stop_price),
        "F": wire.decimal(ZERO),
        "g": told.list_id,
        "C": told.client_order_id if cancelled else "",
        "x": report.execution.value,
        "X": told.status.value,
        "r": "NONE",
        "i": told.order_id,
        "l": wire.decimal(fill.quantity if fill else ZERO),
        "z": wire.decimal(told.executed),
        "L": wire.decimal(fill.price if fill else ZERO),
        "n": wire.decimal(fill.commission if fill else ZERO),
        "N": fill.commission_asset if fill else None,
        "T": time,
        "t": fill.trade_id if fill else -1,
        "w": told.open and told.working,
        "m": fill.maker if fill else False,
        "M": False,
        "O": wire.milliseconds(told.created_ns),
        "Z": wire.decimal(told.executed_quote),
        "Y": wire.decimal(fill.notional if fill else ZERO),
        "Q": wire.decimal(told.quote_quantity),
        "W": _working_time(told),
        "V": "NONE",
    }


def account_position(holdings: Account, assets: Sequence[str], now_ns: int) -> wire.Json:
    """Return an event of the user data stream about balances that changed."""
    return {
        "e": "outboundAccountPosition",
        "E": wire.milliseconds(now_ns),
        "u": wire.milliseconds(now_ns),
        "B": [
            {
                "a": asset,
                "f": wire.decimal(holdings.balance(asset).free),
                "l": wire.decimal(holdings.balance(asset).locked),
            }
            for asset in assets
        ],
    }


def list_status(market_id: str, pair: OrderList, orders: Sequence[Order]) -> wire.Json:
    """Return an event of the user data stream about a pair of orders."""
    shown = order_list(market_id, pair, orders)
    return {
        "e": "listStatus",
        "E": shown["transactionTime"],
        "s": market_id,
        "g": pair.list_id,
        "c": shown["contingencyType"],
        "l": shown["listStatusType"],
        "L": shown["listOrderStatus"],
        "r": "NONE",
        "C": pair.client_list_id,
        "T": shown["transactionTime"],
        "O": [{"s": market_id, "i": each.order_id, "c": each.client_order_id} for each in orders],
    }
