"""The venue that the boot settings name."""

from __future__ import annotations

from typing import Final

from trading_bot.boot.home import venue_credentials
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.settings import Settings
from trading_bot.domain.clock import Clock
from trading_bot.venues.ccxt_venue import CcxtVenue

SIMULATED_AS: Final = "binance"
"""The simulated exchange speaks this exchange's protocol."""


def configured_venue(boot: BootSettings, trading: Settings, clock: Clock) -> CcxtVenue:
    """Return the venue; nothing is imported or sent before it is opened.

    Raises:
        OperatorError: BOT_002 or BOT_006, its keys are not named or cannot be read.
    """
    return CcxtVenue(
        name=SIMULATED_AS if boot.is_simulated else boot.venue.name,
        url=boot.venue_url,
        testnet=boot.venue.testnet,
        credentials=venue_credentials(boot),
        interval=trading.bar,
        request_timeout_seconds=trading.execution.request_timeout_seconds,
        clock=clock,
    )
