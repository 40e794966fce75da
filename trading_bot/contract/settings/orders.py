"""How orders are sent, positions protected, and differences from the venue settled."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec

from trading_bot.contract.events.trading import OrderType, TimeInForce
from trading_bot.contract.settings.keys import HOT, RESTART, key


class Execution(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How orders are sent."""

    order_type: Annotated[OrderType, key("Type of entries and exits.", HOT, "any")] = OrderType.MARKET
    time_in_force: Annotated[TimeInForce, key("For limit orders.", HOT, "any")] = TimeInForce.IOC
    limit_offset_bps: Annotated[
        Decimal,
        key(
            "How far through the touch a limit order is priced.",
            HOT,
            "up",
            type="number",
            minimum=0,
            maximum=1000,
        ),
    ] = Decimal(5)
    request_timeout_seconds: Annotated[
        float,
        key(
            "Age at which a request without an answer counts as unknown.",
            RESTART,
            "up",
            minimum=0.2,
            maximum=60,
        ),
    ] = 5.0
    unknown_operator_seconds: Annotated[
        float,
        key(
            "Age at which an order whose outcome is unknown becomes an operator's matter.",
            HOT,
            "up",
            minimum=1,
            maximum=3600,
        ),
    ] = 60.0
    cancel_on_stop: Annotated[
        bool, key("Cancel working orders on a clean stop; protective ones stay.", HOT, "any")
    ] = True


_PERCENT: Final[dict[str, Any]] = {"type": ["number", "null"], "exclusiveMinimum": 0}


class Protection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stop-loss and take-profit of one symbol's position, measured from its entry price."""

    stop_loss_pct: Annotated[
        Decimal | None,
        key(
            "Fall below the entry price, in percent, at which the position is sold; null: none.",
            HOT,
            "any",
            **_PERCENT,
            maximum=99,
            examples=[2],
        ),
    ] = None
    take_profit_pct: Annotated[
        Decimal | None,
        key(
            "Rise above the entry price, in percent, at which the position is sold; null: none.",
            HOT,
            "any",
            **_PERCENT,
            maximum=1000,
            examples=[4],
        ),
    ] = None


class Policy(StrEnum):
    """What is done about a difference between books and venue.

    ``adopt``: the books take over the venue's side, with both values on the tape; ``block``: what is
    concerned takes no new risk until it is settled; ``halt``: trading stops until a person resumes it.
    """

    ADOPT = "adopt"
    BLOCK = "block"
    HALT = "halt"


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done about differences between books and venue, by kind."""

    orders: Annotated[
        Policy, key("Orders that work at the venue and should not; adopted: they are let be.", HOT, "any")
    ] = Policy.BLOCK
    fills: Annotated[
        Policy, key("Fills of the bot's own orders that only reconciliation found.", HOT, "any")
    ] = Policy.ADOPT
    balances: Annotated[Policy, key("Cash that differs.", HOT, "any")] = Policy.BLOCK
    positions: Annotated[Policy, key("Base balances that differ.", HOT, "any")] = Policy.BLOCK
