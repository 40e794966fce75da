"""The market folded: instruments, quotes, bars, reconnects."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events import market
from trading_bot.contract.telemetry import metrics
from trading_bot.domain import tally
from trading_bot.domain.bookkeeping import take_mark
from trading_bot.domain.fold.handler import Handler
from trading_bot.domain.instruments import Instrument
from trading_bot.domain.state import State, known_market

TWO: Final = Decimal(2)


def _instrument_listed(state: State, _envelope: Envelope, event: market.InstrumentListed) -> None:
    state.instruments[event.symbol] = Instrument(
        symbol=event.symbol,
        base=event.base,
        quote=event.quote,
        tick=event.tick,
        lot=event.lot,
        minimum_quantity=event.minimum_quantity,
        minimum_notional=event.minimum_notional,
        is_active=event.is_active,
    )


def _quote_conflated(state: State, envelope: Envelope, event: market.QuoteConflated) -> None:
    known = known_market(state, event.symbol)
    bid, ask = event.bid, event.ask
    known.bid = bid
    known.ask = ask
    known.mark = (bid + ask) / TWO
    known.quote_at = event.received_at
    known.venue_time = event.venue_time
    tally.count(state, metrics.MESSAGES, event.symbol, by=event.messages)
    take_mark(state, event.symbol, envelope.ts)


def _bar_closed(state: State, envelope: Envelope, event: market.BarClosed) -> None:
    known = known_market(state, event.symbol)
    known.bar_open_time = event.open_time
    known.bar_interval_ns = event.interval_ns
    known.bar_close = event.close
    known.bar_recorded_at = envelope.ts
    if event.symbol not in state.account.doubted:
        known.reference = event.close
    tally.count(state, metrics.BARS, event.symbol)
    if event.skipped:
        tally.count(state, metrics.BARS_SKIPPED, event.symbol, by=event.skipped)


def _price_confirmed(state: State, _envelope: Envelope, event: market.PriceConfirmed) -> None:
    known_market(state, event.symbol).reference = event.price


def _feed_reconnected(state: State, _envelope: Envelope, event: market.FeedReconnected) -> None:
    tally.count(state, metrics.RECONNECTS, event.stream)


HANDLERS: Final[dict[str, Handler]] = {
    market.InstrumentListed.KIND: _instrument_listed,
    market.QuoteConflated.KIND: _quote_conflated,
    market.BarClosed.KIND: _bar_closed,
    market.PriceConfirmed.KIND: _price_confirmed,
    market.FeedReconnected.KIND: _feed_reconnected,
}
