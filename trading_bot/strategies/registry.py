"""From settings to strategies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from trading_bot.contract.settings import MeanReversion, SmaCross, StrategySettings
from trading_bot.strategies.mean_reversion import MeanReversionStrategy
from trading_bot.strategies.protocol import Strategy
from trading_bot.strategies.sma_cross import SmaCrossStrategy

FACTORIES: Final[dict[type, Callable[[Any], Strategy]]] = {
    SmaCross: SmaCrossStrategy,
    MeanReversion: MeanReversionStrategy,
}
"""Settings to strategy; a test holds it to the union in the contract."""


def build(strategies: Mapping[str, StrategySettings]) -> dict[tuple[str, str], Strategy]:
    """Return a strategy by (name in the settings, symbol), one for each symbol that it trades."""
    return {
        (name, symbol): FACTORIES[type(settings)](settings)
        for name, settings in strategies.items()
        for symbol in settings.symbols
    }


def adapt(running: Mapping[tuple[str, str], Strategy], strategies: Mapping[str, StrategySettings]) -> None:
    """Give the running strategies the settings that are in force now; what they know stays."""
    for (name, _), strategy in running.items():
        if name in strategies:
            strategy.adapt(strategies[name])
