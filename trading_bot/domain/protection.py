"""Protective orders: what a position should have, what it has, and the next step towards it.

Pure questions to the state, as in :mod:`~trading_bot.domain.risk`. A step never offers more than is held:
what other sells offer is left out, and a new order is only planned when no protective order of the symbol
is left at the venue. While anything of the symbol is on its way, the step is to wait.

Prices are measured from the entry price. Where that is not known (a position taken over without its
fills) they stay those of the orders that rest already, else they are measured from the mark.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from trading_bot.contract.events.trading import Side, Trigger
from trading_bot.contract.settings import Protection, Settings
from trading_bot.domain.instruments import Instrument
from trading_bot.domain.orders import Order
from trading_bot.domain.state import ZERO, State

HUNDRED: Final = Decimal(100)


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One protective order as it should be: it sells at the market once ``price`` is reached."""

    trigger: Trigger
    price: Decimal
    quantity: Decimal


class Step(StrEnum):
    """What is to be done for one symbol now.

    ``rest``: nothing; ``wait``: something is on its way; ``cancel``: take away what rests; ``place``: send
    the legs; ``watch``: the bot compares prices itself; ``close``: a price is reached and nothing at the
    venue acts on it; ``clear``: as ``close``, but another sell that rests stands in the way; ``lack``: what
    is needed is not known.
    """

    REST = "rest"
    WAIT = "wait"
    CANCEL = "cancel"
    PLACE = "place"
    WATCH = "watch"
    CLOSE = "close"
    CLEAR = "clear"
    LACK = "lack"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The next step, and what it is about.

    ``legs`` is empty where nothing is to be protected, or where what is held is too little: then ``message``
    says so.
    """

    step: Step
    legs: tuple[Leg, ...] = ()
    message: str = ""

    @property
    def quantity(self) -> Decimal:
        """How much is protected once the plan is carried out."""
        return self.legs[0].quantity if self.legs else ZERO

    def price(self, trigger: Trigger) -> Decimal | None:
        """Return the price of a leg, or None."""
        return next((leg.price for leg in self.legs if leg.trigger is trigger), None)


def protective_orders(state: State, symbol: str) -> list[Order]:
    """Return the symbol's protective orders that are not over, oldest first."""
    return [o for o in state.orders.values() if o.symbol == symbol and o.trigger is not None]


def plan(
    state: State, settings: Settings, instrument: Instrument, mark: Decimal | None, *, native: bool
) -> Plan:
    """Return the next step for one symbol.

    Args:
        state: the live state.
        settings: in force.
        instrument: the venue's rules for the symbol.
        mark: the middle of a quote that is fresh, or None.
        native: whether the venue takes orders that wait for a price.
    """
    symbol = instrument.symbol
    resting = protective_orders(state, symbol)
    if any(order.symbol == symbol and not order.rests for order in state.orders.values()):
        return Plan(step=Step.WAIT, message="an order of the symbol is on its way")
    wanted = settings.protection.get(symbol)
    quantity = _on_lot(_held(state, instrument), instrument)
    if wanted is not None and quantity > ZERO:
        legs = _legs(state, wanted, instrument, quantity, resting, mark)
        if not legs:
            return Plan(step=Step.LACK, message="neither the entry price nor a mark is known")
        small = next((leg for leg in legs if not instrument.accepts(leg.quantity, leg.price)), None)
        if small is not None:
            return Plan(step=Step.CANCEL if resting else Step.REST, message=_too_small(small, instrument))
        if _offered(state, symbol):
            return _beside_an_exit(legs, mark)
        return _towards(legs, resting, mark, native=native)
    return Plan(step=Step.CANCEL if resting else Step.REST)


def _too_small(leg: Leg, instrument: Instrument) -> str:
    worth = leg.quantity * leg.price
    least = instrument.minimum_notional
    return f"unprotected: its {leg.trigger} would be worth {worth:f}, the venue takes none below {least:f}"


def _beside_an_exit(legs: tuple[Leg, ...], mark: Decimal | None) -> Plan:
    """Return the step while a sell with a limit rests: it holds what a stop at the venue would need."""
    if reached_leg(legs, mark) is None:
        return Plan(step=Step.WATCH, legs=legs)
    return Plan(step=Step.CLEAR, legs=legs, message="a price is reached while an exit rests at another")


def _towards(legs: tuple[Leg, ...], resting: list[Order], mark: Decimal | None, *, native: bool) -> Plan:
    """Return the step from what rests to the legs that are wanted."""
    if resting and native and _same(resting, legs):
        return Plan(step=Step.REST, legs=legs)
    if (reached := reached_leg(legs, mark)) is not None:
        message = f"{reached.trigger} at {reached.price} is reached and nothing at the venue acts on it"
        return Plan(step=Step.CLOSE, legs=legs, message=message)
    if resting:
        return Plan(step=Step.CANCEL, legs=legs, message="the position or its prices have changed")
    return Plan(step=Step.PLACE if native else Step.WATCH, legs=legs)


def protectable(state: State, instrument: Instrument) -> Decimal:
    """Return what is held and offered by no other order, on the lot; zero where it is less than the least."""
    return _on_lot(_held(state, instrument) - _offered(state, instrument.symbol), instrument)


def _held(state: State, instrument: Instrument) -> Decimal:
    position = state.positions.get(instrument.symbol)
    quantity = position.quantity if position is not None else ZERO
    return min(quantity, state.account.balances.get(instrument.base, ZERO))


def _offered(state: State, symbol: str) -> Decimal:
    sells = (o for o in state.orders.values() if o.symbol == symbol and o.side is Side.SELL and not o.trigger)
    return sum((order.remaining for order in sells), ZERO)


def _on_lot(quantity: Decimal, instrument: Instrument) -> Decimal:
    rounded = instrument.round_quantity(quantity)
    return rounded if rounded >= max(instrument.minimum_quantity, instrument.lot) else ZERO


def reached_leg(legs: tuple[Leg, ...], mark: Decimal | None) -> Leg | None:
    """Return the leg whose price the mark has reached, or None."""
    if mark is None:
        return None
    for leg in legs:
        is_stop = leg.trigger is Trigger.STOP_LOSS
        if mark <= leg.price if is_stop else mark >= leg.price:
            return leg
    return None


def lacks(state: State, settings: Settings, instrument: Instrument) -> bool:
    """Whether there is something to protect, and no protective order of the symbol rests at the venue."""
    wanted = settings.protection.get(instrument.symbol)
    resting = any(order.rests for order in protective_orders(state, instrument.symbol))
    return wanted is not None and not resting and protectable(state, instrument) > ZERO


def _legs(
    state: State,
    wanted: Protection,
    instrument: Instrument,
    quantity: Decimal,
    resting: list[Order],
    mark: Decimal | None,
) -> tuple[Leg, ...]:
    known = {order.trigger: order.stop_price for order in resting}
    position = state.positions[instrument.symbol]
    legs = []
    for trigger, percent in (
        (Trigger.STOP_LOSS, -(wanted.stop_loss_pct or ZERO)),
        (Trigger.TAKE_PROFIT, wanted.take_profit_pct or ZERO),
    ):
        if not percent:
            continue
        price = known.get(trigger) if position.entry_price is None else None
        base = position.entry_price or mark
        if price is None and base is not None:
            price = instrument.round_price(base * (1 + percent / HUNDRED), Side.SELL)
        if price is None:
            return ()
        legs.append(Leg(trigger=trigger, price=price, quantity=quantity))
    return tuple(legs)


def _same(resting: list[Order], legs: tuple[Leg, ...]) -> bool:
    return {(o.trigger, o.stop_price, o.remaining) for o in resting} == {
        (leg.trigger, leg.price, leg.quantity) for leg in legs
    } and len(resting) == len(legs)
