"""Accounts in a given state, for tests of what is asked of a state."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from support.events import START, tape
from support.lives import fill_of, intent, opening, sent
from trading_bot.contract.events import Event
from trading_bot.contract.events.lifecycle import Mode, ModeChanged
from trading_bot.contract.events.trading import OrderType, Side
from trading_bot.contract.settings import Settings
from trading_bot.domain.fold import evolve
from trading_bot.domain.risk import Denial, Proposal, check_order
from trading_bot.domain.sessions import Hours
from trading_bot.domain.state import State

EUR = "EUR/USD"
NOW = START + 3_600_000_000_000
NO_CALENDARS = Hours({}.__getitem__)


def running(previous: Mode = Mode.PAUSED, mode: Mode = Mode.RUNNING) -> Event:
    return ModeChanged(previous=previous, mode=mode, reason="Test", message="for a test", actor="test")


def bought(quantity: Decimal, price: Decimal = Decimal(10), name: str = "held") -> list[Event]:
    """Return an order that bought ``quantity`` without a fee."""
    order = intent(name, EUR, Side.BUY, quantity, price)
    return [order, sent(order), fill_of(order, f"{name}-1", quantity, price, Decimal(0), "USD")]


def account(*events: Event | Iterable[Event]) -> State:
    """Return a running account with 100,000 USD and marks of 10, and what ``events`` did to it."""
    after = [one for event in events for one in ([event] if isinstance(event, Event) else event)]
    state = State()
    for one in tape([*opening(), running(), *after]):
        state = evolve(state, one)
    return state


def settings(**limits: Any) -> Settings:
    """Return settings with these limits; those not named are far away."""
    far = {
        "max_order_notional": 10**9,
        "max_position_notional": 10**9,
        "max_gross_exposure": 10**9,
        "price_collar_bps": 10**6,
        "max_orders_per_minute": 6000,
        "max_daily_loss": 10**9,
        "max_drawdown": 1,
        "max_consecutive_losses": 10_000,
        "max_order_error_ratio": 1,
        "max_slippage_bps": 10**9,
        "max_order_to_trade_ratio": 10**6,
        "max_price_jump_bps": 10**9,
    }
    strategies = {"trend": {"kind": "sma_cross", "symbols": [EUR]}}
    document = {"symbols": [EUR], "strategies": strategies, "limits": {**far, **limits}}
    return msgspec.convert(document, Settings, strict=False)


def proposal(side: Side = Side.BUY, quantity: Any = 100, price: Any = 10, **other: Any) -> Proposal:
    fields = {"strategy": "trend", "symbol": EUR, "type": OrderType.MARKET, **other}
    return Proposal(side=side, quantity=Decimal(quantity), price=Decimal(price), **fields)


def verdict(state: State, proposed: Proposal, recent: Iterable[int] = (), /, **limits: Any) -> Denial | None:
    """Return the check's answer at :data:`NOW`, by the instrument of the state."""
    instrument = state.instruments[proposed.symbol]
    return check_order(state, settings(**limits), instrument, proposed, list(recent), NO_CALENDARS, NOW)


def replaced(event: Event, **fields: Any) -> Event:
    return msgspec.structs.replace(event, **fields)
