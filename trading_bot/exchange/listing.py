"""What is listed, with its trading rules, and where in its history the replay begins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from trading_bot.contract.errors import OperatorError
from trading_bot.domain.instruments import Instrument
from trading_bot.market_data.stored import Description

QUOTE_ASSET = "USD"
HISTORY_BARS = 500
MOST_QUANTITY = Decimal(9_000_000)
MOST_PRICE = Decimal(1_000_000)
ASSET_STEP = Decimal("0.00000001")


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One market of the exchange.

    ``first_bar`` is the place in the data of the bar that plays when the exchange is started for the
    first time; there are at least 500 real bars before it. ``spread_bps`` is between bid and ask.
    """

    instrument: Instrument
    first_bar: int
    spread_bps: float = 2.0

    @property
    def market_id(self) -> str:
        """The name on the wire: EURUSD for EUR/USD."""
        return self.instrument.base + self.instrument.quote


def _listing(base: str, first_bar: int, *, tick: str, lot: str, spread_bps: float) -> Listing:
    instrument = Instrument(
        symbol=f"{base}/{QUOTE_ASSET}",
        base=base,
        quote=QUOTE_ASSET,
        tick=Decimal(tick),
        lot=Decimal(lot),
        minimum_quantity=Decimal(lot),
        minimum_notional=Decimal(5),
    )
    return Listing(instrument=instrument, first_bar=first_bar, spread_bps=spread_bps)


# The first bars are chosen, not random: the 5-bar average crosses above the 20-bar one within bars 6 to
# 12 after the start, a few bars apart, and the 300 bars that follow hold no crash.
DEFAULTS: dict[str, Listing] = {
    listing.instrument.symbol: listing
    for listing in (
        _listing("EUR", 2206, tick="0.00001", lot="0.1", spread_bps=0.5),
        _listing("GOOGL", 875, tick="0.01", lot="0.001", spread_bps=2.0),
        _listing("AAPL", 2262, tick="0.01", lot="0.001", spread_bps=2.0),
        _listing("IBM", 2496, tick="0.01", lot="0.001", spread_bps=2.0),
        _listing("MSFT", 2264, tick="0.01", lot="0.001", spread_bps=2.0),
    )
}


def own_listing(series: Description) -> Listing:
    """Return the market of one's own data, with ticks of six digits and lots worth 0.1 to 1 USD.

    It begins with its first bar, or with its 501st where there are more: the 500 before are the history.
    """
    power = math.floor(math.log10(series.lowest))
    tick = min(Decimal("0.01"), Decimal(10) ** (power - 5))
    lot = Decimal(10) ** (-power - 1)
    base = series.symbol.partition("/")[0]
    whole_rounds = -(-HISTORY_BARS // (2 * series.bars)) * 2 * series.bars
    first_bar = HISTORY_BARS if series.bars > HISTORY_BARS else whole_rounds
    return _listing(base, first_bar, tick=f"{tick:f}", lot=f"{lot:f}", spread_bps=2.0)


def listings(
    first_bars: Mapping[str, int] | None = None, own: Mapping[str, Description] | None = None
) -> tuple[Listing, ...]:
    """Return what is listed, with other first bars for the symbols named: one's own data, else the bundled.

    Raises:
        OperatorError: DATA_003 for a symbol that is not listed.
    """
    listed = {symbol: own_listing(series) for symbol, series in own.items()} if own else DEFAULTS
    chosen = first_bars or {}
    for symbol in chosen:
        if symbol not in listed:
            known = ", ".join(listed)
            raise OperatorError("DATA_003", f"no market data for {symbol}; there is {known}", symbol=symbol)
    return tuple(
        msgspec.structs.replace(listing, first_bar=chosen.get(symbol, listing.first_bar))
        for symbol, listing in listed.items()
    )
