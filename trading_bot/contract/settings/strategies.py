"""The strategies that can be chosen, by ``kind``."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

from trading_bot.contract.settings.keys import HOT, POSITIVE, RESTART, Symbol, key


class SmaCross(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="sma_cross"
):
    """Long while a fast moving average is above a slow one."""

    symbols: Annotated[
        tuple[Symbol, ...],
        key("Symbols that it trades.", RESTART, "any", minItems=1, uniqueItems=True, examples=[["EUR/USD"]]),
    ]
    fast: Annotated[int, key("Bars of the fast average.", RESTART, "none", minimum=1, maximum=1000)] = 5
    slow: Annotated[int, key("Bars of the slow average.", RESTART, "none", minimum=2, maximum=900)] = 20
    order_notional: Annotated[
        Decimal, key("Value of an entry, in the account currency.", HOT, "up", **POSITIVE)
    ] = Decimal(2000)


class MeanReversion(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="mean_reversion",
):
    """Long when the price is far below its average, flat again when it is back."""

    symbols: Annotated[
        tuple[Symbol, ...],
        key("Symbols that it trades.", RESTART, "any", minItems=1, uniqueItems=True, examples=[["EUR/USD"]]),
    ]
    window: Annotated[int, key("Bars of average and deviation.", RESTART, "none", minimum=5, maximum=900)] = (
        20
    )
    entry_z: Annotated[
        Decimal, key("Deviations below the average at which it enters.", HOT, "down", **POSITIVE)
    ] = Decimal("2.0")
    exit_z: Annotated[
        Decimal,
        key(
            "Deviations below the average at which it leaves.",
            HOT,
            "any",
            type="number",
            minimum=-5,
            maximum=5,
        ),
    ] = Decimal("0.0")
    order_notional: Annotated[
        Decimal, key("Value of an entry, in the account currency.", HOT, "up", **POSITIVE)
    ] = Decimal(2000)


StrategySettings = SmaCross | MeanReversion
