"""The market as the bot saw it."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from trading_bot.contract.events.definition import Event, Retention


class InstrumentListed(Event, frozen=True, kw_only=True):
    """The venue's rules for a symbol, as the bot read them when it started."""

    KIND: ClassVar[str] = "instrument.listed"
    REASON: ClassVar[str] = "The steps and minimums under which a run's orders were made."

    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    minimum_quantity: Decimal
    minimum_notional: Decimal
    is_active: bool = True


class QuoteConflated(Event, frozen=True, kw_only=True):
    """The last quote of a symbol in a conflation interval."""

    KIND: ClassVar[str] = "quote.conflated"
    RETENTION: ClassVar[Retention] = Retention.MEASUREMENT
    REASON: ClassVar[str] = (
        "Readers mark positions with it; one a symbol and interval, whatever the tick rate."
    )

    symbol: str
    bid: Decimal
    ask: Decimal
    venue_time: int | None
    """Nanoseconds since the epoch as the venue says, if it says."""
    received_at: int
    """Nanoseconds since the epoch when the bot received it."""
    messages: int
    """Market data messages of the symbol since the last of these."""


class BarClosed(Event, frozen=True, kw_only=True):
    """A bar is complete; strategies decide on it."""

    KIND: ClassVar[str] = "bar.closed"
    RETENTION: ClassVar[Retention] = Retention.MEASUREMENT
    REASON: ClassVar[str] = "What a decision was made on."

    symbol: str
    open_time: int
    """Start of the bar, nanoseconds since the epoch."""
    interval_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    skipped: int
    """Bars between the last one and this one that never came."""


class PriceConfirmed(Event, frozen=True, kw_only=True):
    """A price that had jumped is the venue's own, asked for by another way: it is believed from here on."""

    KIND: ClassVar[str] = "price.confirmed"
    REASON: ClassVar[str] = "Which price later ones are compared with, and why a jump was believed."

    symbol: str
    price: Decimal
    """Middle of the bid and ask that the venue answered."""


class FeedReconnected(Event, frozen=True, kw_only=True):
    """Data flows again on a stream that had ended."""

    KIND: ClassVar[str] = "feed.reconnected"
    REASON: ClassVar[str] = "A reconnect counts as done only when data flows."

    stream: str
    """``quotes``, ``bars`` or ``orders``."""
    attempts: int
    outage_ns: int
