"""What the bot is held to: limits, and how the breakers count."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

from trading_bot.contract.settings.keys import HOT, POSITIVE, SHARE, key


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the pre-trade check and the breakers hold the bot to. Money is in the account currency."""

    max_order_notional: Annotated[
        Decimal, key("Largest value of one order.", HOT, "up", **POSITIVE, examples=[5000])
    ] = Decimal(5000)
    max_position_notional: Annotated[
        Decimal, key("Largest value of one symbol's position after an order.", HOT, "up", **POSITIVE)
    ] = Decimal(10000)
    max_gross_exposure: Annotated[
        Decimal, key("Largest sum of all positions' values after an order.", HOT, "up", **POSITIVE)
    ] = Decimal(40000)
    price_collar_bps: Annotated[
        Decimal,
        key("Furthest that an order's price may be from the mark, in basis points.", HOT, "up", **POSITIVE),
    ] = Decimal(100)
    max_orders_per_minute: Annotated[
        int, key("Orders in any 60 seconds.", HOT, "up", minimum=1, maximum=6000)
    ] = 60
    max_daily_loss: Annotated[
        Decimal, key("Loss since the trading day's start that opens the breaker.", HOT, "up", **POSITIVE)
    ] = Decimal(5000)
    max_drawdown: Annotated[
        Decimal,
        key(
            "Fall of equity from its peak, as a share of the peak, that opens the breaker.",
            HOT,
            "up",
            **SHARE,
        ),
    ] = Decimal("0.2")
    max_consecutive_losses: Annotated[
        int,
        key("Losing round trips in a row that open the breaker.", HOT, "up", minimum=1, maximum=10000),
    ] = 50
    max_order_error_ratio: Annotated[
        Decimal,
        key(
            "Share of the last orders that were refused or became unknown, above which the breaker opens; "
            "1 never opens it.",
            HOT,
            "up",
            **SHARE,
        ),
    ] = Decimal("0.5")
    max_slippage_bps: Annotated[
        Decimal,
        key(
            "Mean cost of the last filled orders against the mark that each was decided on, in basis points, "
            "above which the breaker opens.",
            HOT,
            "up",
            **POSITIVE,
        ),
    ] = Decimal(200)
    max_order_to_trade_ratio: Annotated[
        Decimal,
        key(
            "Of the last orders, how many there were for each that traded, above which the breaker opens.",
            HOT,
            "up",
            type="number",
            minimum=1,
            maximum=1e6,
        ),
    ] = Decimal(20)
    max_position_age_seconds: Annotated[
        float,
        key(
            "Age of a position beyond which its symbol takes no new risk.",
            HOT,
            "up",
            minimum=1,
            maximum=31_536_000,
        ),
    ] = 2_592_000.0
    max_exit_seconds: Annotated[
        float,
        key(
            "Time from a signal to leave to flat beyond which the symbol takes no new risk.",
            HOT,
            "up",
            minimum=1,
            maximum=86_400,
        ),
    ] = 300.0
    max_mark_age_seconds: Annotated[
        float,
        key(
            "Age of the mark of a position, while its session is open, beyond which equity is uncertain "
            "and nothing takes new risk.",
            HOT,
            "up",
            minimum=1,
            maximum=86_400,
        ),
    ] = 60.0
    max_price_jump_bps: Annotated[
        Decimal,
        key(
            "Furthest that a price may be from the last bar that was believed, in basis points; beyond, it is "
            "believed only when the venue says the same when asked.",
            HOT,
            "up",
            **POSITIVE,
        ),
    ] = Decimal(1000)


class Breakers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the breakers for order errors, slippage, order-to-trade and losses in a row count, and when they close."""

    orders: Annotated[
        int, key("The last orders that are looked at.", HOT, "none", minimum=1, maximum=100)
    ] = 50
    window_seconds: Annotated[
        float,
        key("Age beyond which an order is not looked at any more.", HOT, "none", minimum=1, maximum=604_800),
    ] = 3600.0
    least_orders: Annotated[
        int,
        key("Orders below which nothing is concluded from them.", HOT, "up", minimum=1, maximum=100),
    ] = 10
    cool_down_seconds: Annotated[
        float,
        key(
            "Time after which such a breaker closes by itself; half as much is then enough to open it again.",
            HOT,
            "down",
            minimum=1,
            maximum=604_800,
        ),
    ] = 300.0
