"""All trading settings in one struct."""

from __future__ import annotations

from typing import Annotated

import msgspec

from trading_bot.contract.events.lifecycle import Mode
from trading_bot.contract.settings.keys import FORBIDDEN, HOT, RESTART, StrategyName, Symbol, key
from trading_bot.contract.settings.limits import Breakers, Limits
from trading_bot.contract.settings.orders import Execution, Protection, Reconciliation
from trading_bot.contract.settings.strategies import StrategySettings
from trading_bot.contract.settings.timing import Intervals, Session, Telemetry


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All trading settings."""

    symbols: Annotated[
        tuple[Symbol, ...],
        key(
            "Symbols as BASE/QUOTE; the quote is the account currency.",
            RESTART,
            "any",
            minItems=1,
            maxItems=200,
            uniqueItems=True,
            examples=[["EUR/USD"]],
        ),
    ]
    strategies: Annotated[
        dict[StrategyName, StrategySettings],
        key(
            "Strategies by name; kind says which.",
            RESTART,
            "any",
            minProperties=1,
            examples=[{"trend": {"kind": "sma_cross", "symbols": ["EUR/USD"]}}],
        ),
    ]
    currency: Annotated[str, key("Account currency.", FORBIDDEN, "none", enum=["USD"])] = "USD"
    bar: Annotated[
        str,
        key(
            "Interval of the bars that strategies decide on.",
            RESTART,
            "none",
            enum=["1s", "1m", "5m", "15m", "1h"],
        ),
    ] = "1m"
    begins: Annotated[
        Mode,
        key(
            "Mode in which an empty journal begins; reduce_only waits for somebody to say resume.",
            FORBIDDEN,
            "none",
            enum=["running", "reduce_only"],
        ),
    ] = Mode.RUNNING
    limits: Limits = Limits()
    breakers: Breakers = Breakers()
    execution: Execution = Execution()
    intervals: Intervals = Intervals()
    telemetry: Telemetry = Telemetry()
    reconciliation: Reconciliation = Reconciliation()
    protection: Annotated[
        dict[Symbol, Protection],
        key(
            "Stop-loss and take-profit by symbol; a symbol that is not named has none.",
            HOT,
            "any",
            examples=[{"EUR/USD": {"stop_loss_pct": 2, "take_profit_pct": 4}}],
        ),
    ] = {}
    sessions: Annotated[dict[Symbol, Session], key("Trading hours by symbol.", RESTART, "none")] = {}
    day_starts_at: Annotated[
        str,
        key(
            "Local time HH:MM at which the trading day begins.",
            FORBIDDEN,
            "none",
            pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        ),
    ] = "00:00"
    day_time_zone: Annotated[str, key("IANA name of the trading day's time zone.", FORBIDDEN, "none")] = "UTC"
