"""What a venue answers before the first order: asked in order, each failure kept beside the answers."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from decimal import Decimal
from typing import Protocol, TypeVar

import msgspec

from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.settings import Settings
from trading_bot.domain.instruments import Instrument
from trading_bot.venues.protocol import Balance, Bar, ClockReading, Permissions, VenueOrder

T = TypeVar("T")


class Surveyed(Protocol):
    """The part of a venue that is asked; :class:`~trading_bot.venues.ccxt_venue.CcxtVenue` is one."""

    @property
    def rate_limit_used(self) -> float | None:
        """Used share of the rate limit, or None."""
        ...

    async def open(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        """Connect, with a signed request."""
        ...

    async def permissions(self) -> Permissions | None:
        """Return what the key may do."""
        ...

    async def clock(self) -> ClockReading:
        """Compare the clocks."""
        ...

    async def balances(self) -> dict[str, Balance]:
        """Return the balances by asset."""
        ...

    async def open_orders(self, symbol: str) -> list[VenueOrder]:
        """Return a symbol's working orders."""
        ...

    async def candles(self, symbol: str, limit: int) -> list[Bar]:
        """Return a symbol's last closed bars."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class Survey(msgspec.Struct, kw_only=True):
    """All answers. What was not answered is None, and ``faults`` says why, by question."""

    instruments: dict[str, Instrument] | None = None
    permissions: Permissions | None = None
    clock: ClockReading | None = None
    balances: dict[str, Balance] | None = None
    open_orders: dict[str, int] | None = None
    prices: dict[str, Decimal] | None = None
    """Last close by symbol; one without a closed bar is missing."""
    rate_limit_used: float | None = None
    faults: dict[str, TickertapeError] = {}


async def survey(venue: Surveyed, settings: Settings) -> Survey:
    """Ask everything once; the connection is closed afterwards. Raises nothing of the venue's."""
    found = Survey(faults={})
    try:
        found.instruments = await _asked(found, "connection", venue.open(settings.symbols))
        if found.instruments is None:
            return found
        found.permissions = await _asked(found, "permissions", venue.permissions())
        found.clock = await _asked(found, "clock", venue.clock())
        found.balances = await _asked(found, "balances", venue.balances())
        found.open_orders = await _asked(found, "open orders", _open_orders(venue, found.instruments))
        found.prices = await _asked(found, "prices", _prices(venue, found.instruments))
        found.rate_limit_used = venue.rate_limit_used
    finally:
        await venue.close()
    return found


async def _asked(found: Survey, question: str, answer: Awaitable[T]) -> T | None:
    try:
        return await answer
    except TickertapeError as error:
        found.faults[question] = error
        return None


async def _open_orders(venue: Surveyed, symbols: Iterable[str]) -> dict[str, int]:
    return {symbol: len(await venue.open_orders(symbol)) for symbol in symbols}


async def _prices(venue: Surveyed, symbols: Iterable[str]) -> dict[str, Decimal]:
    bars = {symbol: await venue.candles(symbol, 1) for symbol in symbols}
    return {symbol: found[-1].close for symbol, found in bars.items() if found}
