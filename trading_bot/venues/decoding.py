"""What ccxt answers, as the port's structs: Decimal from strings, nanoseconds, nothing invented."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

import msgspec

from trading_bot.contract.errors.definition import OperatorError, RetriableError
from trading_bot.contract.events.trading import Liquidity, OrderType, Side
from trading_bot.domain.instruments import Instrument
from trading_bot.venues.protocol import (
    Balance,
    Bar,
    Permissions,
    Quote,
    VenueFill,
    VenueOrder,
    VenueOrderStatus,
)

MILLISECOND: Final = 1_000_000
ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
MOST_DIGITS: Final = 18
"""No price, quantity or balance has more before its point, or zeros behind it."""
DECIMAL_PLACES: Final = 2
TICK_SIZE: Final = 4
"""ccxt's precision modes that are understood here."""
NOT_WORKING_YET: Final = -1

STATUSES: Final = {
    "open": VenueOrderStatus.OPEN,
    "closed": VenueOrderStatus.FILLED,
    "canceled": VenueOrderStatus.CANCELLED,
    "canceling": VenueOrderStatus.OPEN,
    "expired": VenueOrderStatus.EXPIRED,
    "rejected": VenueOrderStatus.REJECTED,
}
LIQUIDITY: Final = {"taker": Liquidity.TAKER, "maker": Liquidity.MAKER}

T = TypeVar("T")


def undecodable(what: str, value: object) -> RetriableError:
    """Return VENUE_007 for a value that is not what its protocol promises."""
    return RetriableError("VENUE_007", f"{what} is {value!r:.100}", what=what, answer=f"{value!r:.200}")


def decoded(what: str, decode: Callable[..., T], *answer: Any) -> T:
    """Return ``decode(*answer)``. What it says may go on the tape, so its fields are held to their types.

    Raises:
        RetriableError: VENUE_007, a part is missing or of another type.
    """
    try:
        said = decode(*answer)
        if isinstance(said, msgspec.Struct):
            msgspec.convert(msgspec.structs.asdict(said), type(said))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise undecodable(what, answer[-1]) from error
    return said


def number(value: object, what: str) -> Decimal:
    """Return a finite number, without zeros behind.

    Raises:
        RetriableError: VENUE_007.
    """
    try:
        result = Decimal(str(value))
    except InvalidOperation as error:
        raise undecodable(what, value) from error
    if not result.is_finite() or abs(result.adjusted()) > MOST_DIGITS:
        raise undecodable(what, value)
    return plain(result)


def plain(value: Decimal) -> Decimal:
    """Return a finite number shortly: 100.3 for 100.30000000, 100 for 1E+2, 0 for -0E-8."""
    whole = value.to_integral_value()
    return whole.quantize(ONE) + ZERO if whole == value else value.normalize()


def positive(value: object, what: str) -> Decimal:
    """Return a finite number above zero.

    Raises:
        RetriableError: VENUE_007.
    """
    result = number(value, what)
    if result <= ZERO:
        raise undecodable(what, value)
    return result


def text(value: Decimal) -> str:
    """Return a number as venues take it: exact, no exponent, no zeros behind."""
    return format(value.normalize(), "f")


def instrument_of(market: Mapping[str, Any], precision_mode: int) -> Instrument:
    """Return the rules of a market.

    Raises:
        OperatorError: VENUE_008, not a spot market, or without steps for price and quantity.
    """
    symbol = market["symbol"]
    tick = step(market["precision"]["price"], precision_mode)
    lot = step(market["precision"]["amount"], precision_mode)
    if not market["spot"] or tick is None or lot is None:
        raise OperatorError("VENUE_008", f"{symbol} is not a spot market with steps", symbol=symbol)
    limits = market["limits"]
    return Instrument(
        symbol=symbol,
        base=market["base"],
        quote=market["quote"],
        tick=tick,
        lot=lot,
        minimum_quantity=number(limits["amount"]["min"] or lot, "minimum quantity"),
        minimum_notional=number(limits["cost"]["min"] or ZERO, "minimum notional"),
        is_active=market["active"] is not False,  # None where the venue does not say
    )


def listed(symbols: Sequence[str], markets: Mapping[str, Any], mode: int) -> dict[str, Instrument]:
    """Return the rules of those symbols that are there as spot markets with steps; ``mode`` is ccxt's."""
    found = {}
    for symbol in symbols:
        if symbol in markets:
            with suppress(OperatorError):
                found[symbol] = decoded("market", lambda part: instrument_of(part, mode), markets[symbol])
    return found


def step(precision: object, precision_mode: int) -> Decimal | None:
    """Return the step that ccxt's precision stands for; None where it stands for none."""
    if precision is None or precision_mode not in {DECIMAL_PLACES, TICK_SIZE}:
        return None
    value = number(precision, "precision")
    return value if precision_mode == TICK_SIZE else Decimal(1).scaleb(-int(value))


def balances_of(answer: Mapping[str, Any]) -> dict[str, Balance]:
    """Return the balances that are not zero."""
    totals = {asset: number(total, f"balance of {asset}") for asset, total in answer["total"].items()}
    return {
        asset: Balance(asset=asset, free=number(answer["free"][asset], f"free {asset}"), total=total)
        for asset, total in totals.items()
        if total
    }


def cancelled_order_of(answer: Mapping[str, Any], client_order_id: str) -> VenueOrder:
    """Return an order from a cancel's answer, whose client order id and time are those of the cancel."""
    order = order_of({**answer, "clientOrderId": client_order_id})
    return msgspec.structs.replace(order, created_at=None)


def with_time(answer: Any) -> Any:
    """Return a new order as ccxt reads it, with its time: ccxt takes the -1 of one that does not work yet."""
    if answer["timestamp"] != NOT_WORKING_YET:
        return answer
    return {**answer, "timestamp": int(answer["info"]["transactTime"])}


def order_of(answer: Mapping[str, Any]) -> VenueOrder:
    """Return an order."""
    quantity = positive(answer["amount"], "order quantity")
    filled = number(answer["filled"] or ZERO, "filled quantity")
    kind = order_type_of(answer["type"])
    return VenueOrder(
        client_order_id=present(answer, "clientOrderId"),
        venue_order_id=present(answer, "id"),
        symbol=present(answer, "symbol"),
        side=Side(answer["side"]),
        type=kind,
        status=status_of(answer["status"], quantity, filled),
        quantity=quantity,
        filled_quantity=filled,
        limit_price=positive(answer["price"], "limit price") if kind is OrderType.LIMIT else None,
        created_at=nanoseconds(answer["timestamp"]),
    )


def order_type_of(kind: str) -> OrderType:
    """Return the type. People place other ones on the same account; what counts is whether a price bounds them."""
    return OrderType.LIMIT if "limit" in kind.lower() else OrderType.MARKET


def status_of(status: str, quantity: Decimal, filled: Decimal) -> VenueOrderStatus:
    """Return the state; ``closed`` with a part unfilled is a cancelled remainder."""
    result = STATUSES[status]
    if result is VenueOrderStatus.FILLED and filled < quantity:
        return VenueOrderStatus.CANCELLED
    return result


def fill_of(answer: Mapping[str, Any]) -> VenueFill:
    """Return one execution."""
    fee = answer["fee"]
    symbol = present(answer, "symbol")
    return VenueFill(
        trade_id=present(answer, "id"),
        client_order_id=answer.get("clientOrderId"),
        venue_order_id=present(answer, "order"),
        symbol=symbol,
        side=Side(answer["side"]),
        quantity=positive(answer["amount"], "fill quantity"),
        price=positive(answer["price"], "fill price"),
        fee=number(fee["cost"], "fee"),
        fee_asset=fee_asset_of(fee["currency"], fee["cost"], symbol),
        liquidity=LIQUIDITY.get(answer["takerOrMaker"], Liquidity.UNKNOWN),
        venue_time=nanoseconds(answer["timestamp"]),
    )


def fee_asset_of(asset: object, fee: object, symbol: str) -> str:
    """Return the asset that a fee was taken from; none is named where the fee is zero: the quote then stands for it.

    Raises:
        RetriableError: VENUE_007, a fee was taken and it is not said from what.
    """
    if isinstance(asset, str) and asset:
        return asset
    if number(fee, "fee"):
        raise undecodable("fee asset", asset)
    return symbol.partition("/")[2]


def bar_of(symbol: str, row: list[Any]) -> Bar:
    """Return a bar from [open time in ms, open, high, low, close, volume]."""
    prices = [positive(value, f"{symbol} bar") for value in row[1:5]]
    low, high = min(prices), max(prices)
    volume = number(row[5], f"{symbol} volume")
    if prices[1] != high or prices[2] != low or volume < ZERO:
        raise undecodable(f"{symbol} bar", row)
    return Bar(
        symbol=symbol,
        open_time=nanoseconds(row[0]),
        open=prices[0],
        high=high,
        low=low,
        close=prices[3],
        volume=volume,
    )


def quote_of(symbol: str, bid: object, ask: object, venue_time: int | None, received_at: int) -> Quote:
    """Return a quote; ``venue_time`` is in milliseconds.

    Raises:
        RetriableError: VENUE_007, a price is not a positive finite number, or the bid is above the ask.
    """
    best_bid, best_ask = positive(bid, f"{symbol} bid"), positive(ask, f"{symbol} ask")
    if best_bid > best_ask:
        raise undecodable(f"{symbol} bid above ask", f"{bid} > {ask}")
    return Quote(
        symbol=symbol,
        bid=best_bid,
        ask=best_ask,
        venue_time=None if venue_time is None else nanoseconds(venue_time),
        received_at=received_at,
    )


def present(answer: Mapping[str, Any], key: str) -> str:
    """Return a text that must be there."""
    value = answer[key]
    if not isinstance(value, str) or not value:
        raise undecodable(key, value)
    return value


def nanoseconds(milliseconds: object) -> int:
    """Return a venue's time as nanoseconds since the epoch."""
    if not isinstance(milliseconds, int) or milliseconds <= 0:
        raise undecodable("time", milliseconds)
    return milliseconds * MILLISECOND


def permissions_of(answer: Mapping[str, Any]) -> Permissions:
    """Return a key's permissions from Binance's answer to ``GET /sapi/v1/account/apiRestrictions``."""
    moves = ("enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer")
    return Permissions(
        trade=answer["enableSpotAndMarginTrading"],
        withdraw=any(answer.get(right, False) for right in moves),
        bound_to_address=answer["ipRestrict"],
    )
