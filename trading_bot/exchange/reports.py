"""What the user data stream tells of a step: one report for each thing that happened to the order."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from trading_bot.exchange.matching import Effect
from trading_bot.exchange.orders import ZERO, Order, Status, Trade


class Execution(StrEnum):
    """Binance's execution types."""

    NEW = "NEW"
    TRADE = "TRADE"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One execution report. ``order`` is as it was just after it happened."""

    execution: Execution
    order: Order
    trade: Trade | None = None
    cancel_id: str | None = None


ENDINGS = {Status.CANCELED: Execution.CANCELED, Status.EXPIRED: Execution.EXPIRED}


def reports(effect: Effect, *, arrived: bool, cancel_id: str | None = None) -> Iterator[Report]:
    """Yield the reports of a step in their order.

    Args:
        effect: the step.
        arrived: whether the order arrived with it.
        cancel_id: the client's id of the cancellation, where it was one.
    """
    after = effect.order
    executed = after.executed - sum((trade.quantity for trade in effect.trades), ZERO)
    quote = after.executed_quote - sum((trade.notional for trade in effect.trades), ZERO)
    if effect.other is not None and effect.other.status in ENDINGS:
        yield Report(execution=ENDINGS[effect.other.status], order=effect.other, cancel_id=cancel_id)
    if arrived or effect.triggered:
        accepted = msgspec.structs.replace(after, executed=ZERO, executed_quote=ZERO, status=Status.NEW)
        yield Report(execution=Execution.NEW, order=accepted)
    for trade in effect.trades:
        executed += trade.quantity
        quote += trade.notional
        status = Status.FILLED if executed == after.quantity else Status.PARTIALLY_FILLED
        yield Report(
            execution=Execution.TRADE,
            order=msgspec.structs.replace(after, executed=executed, executed_quote=quote, status=status),
            trade=trade,
        )
    if arrived and effect.other is not None:
        yield Report(execution=Execution.NEW, order=effect.other)
    if after.status in ENDINGS:
        yield Report(execution=ENDINGS[after.status], order=after, cancel_id=cancel_id)
