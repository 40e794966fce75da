"""What is said of an order: its request to the venue, and its events on the tape."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from trading_bot.contract.events import trading
from trading_bot.contract.events.trading import LearnedBy, OrderType, Side, TimeInForce
from trading_bot.contract.settings import Execution as ExecutionSettings
from trading_bot.domain.orders import Order
from trading_bot.domain.protection import Leg
from trading_bot.domain.risk import Denial, Proposal
from trading_bot.venues.protocol import NewOrder, VenueFill


def intended(
    client_order_id: str,
    proposal: Proposal,
    settings: ExecutionSettings,
    *,
    reference_price: Decimal,
    generation: int,
) -> trading.OrderIntended:
    """Return the intent to send a proposal that passed the checks."""
    is_limit = proposal.type is OrderType.LIMIT
    return trading.OrderIntended(
        client_order_id=client_order_id,
        strategy=proposal.strategy,
        symbol=proposal.symbol,
        side=proposal.side,
        type=proposal.type,
        time_in_force=settings.time_in_force if is_limit else TimeInForce.GTC,
        quantity=proposal.quantity,
        limit_price=proposal.price if is_limit else None,
        reference_price=reference_price,
        generation=generation,
    )


def protecting(
    client_order_id: str, strategy: str, symbol: str, leg: Leg, pair: str | None, generation: int
) -> trading.OrderIntended:
    """Return the intent to send a protective order; its slippage is measured against its stop price."""
    return trading.OrderIntended(
        client_order_id=client_order_id,
        strategy=strategy,
        symbol=symbol,
        side=Side.SELL,
        type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        quantity=leg.quantity,
        limit_price=None,
        reference_price=leg.price,
        generation=generation,
        trigger=leg.trigger,
        stop_price=leg.price,
        pair=pair,
    )


def denied(client_order_id: str, proposal: Proposal, denial: Denial) -> trading.OrderDenied:
    """Return the verdict on a proposal that did not pass."""
    return trading.OrderDenied(
        client_order_id=client_order_id,
        strategy=proposal.strategy,
        symbol=proposal.symbol,
        side=proposal.side,
        type=proposal.type,
        quantity=proposal.quantity,
        **msgspec.structs.asdict(denial),
    )


def request_of(order: Order) -> NewOrder:
    """Return what is sent to the venue."""
    return NewOrder(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        type=order.type,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        limit_price=order.limit_price,
        trigger=order.trigger,
        stop_price=order.stop_price,
    )


def filled(
    order: Order, fill: VenueFill, learned_by: LearnedBy, latency_ns: int | None
) -> trading.OrderFilled:
    """Return the event of one execution."""
    return trading.OrderFilled(
        client_order_id=order.client_order_id,
        trade_id=fill.trade_id,
        symbol=fill.symbol,
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        fee_asset=fill.fee_asset,
        liquidity=fill.liquidity,
        venue_time=fill.venue_time,
        learned_by=learned_by,
        latency_ns=latency_ns,
    )
