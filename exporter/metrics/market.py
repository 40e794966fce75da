"""Market data by symbol: is it there, how old is it, what does it say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from exporter.metrics.scrape import Collect, Point, Scrape, Table, counted, flags, seconds, value
from trading_bot.boot.sessions import shipped_hours
from trading_bot.contract.telemetry import labels, metrics
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.domain.state import Market

BASIS_POINTS: Final = 10_000
HOURS: Final = shipped_hours()


def _by_symbol(of: Callable[[Scrape, Market, str], Iterator[Point]]) -> Collect:
    """Return the collector that asks ``of`` for each symbol's market."""

    def collect(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
        for symbol, market in scrape.state.markets.items():
            yield from of(scrape, market, symbol)

    return collect


def _age(scrape: Scrape, market: Market, symbol: str) -> Iterator[Point]:
    return seconds(None if market.quote_at is None else scrape.now_ns - market.quote_at, symbol)


def _bar_end(market: Market) -> int | None:
    if market.bar_open_time is None or market.bar_interval_ns is None:
        return None
    return market.bar_open_time + market.bar_interval_ns


def _bar_delay(_scrape: Scrape, market: Market, symbol: str) -> Iterator[Point]:
    end, recorded = _bar_end(market), market.bar_recorded_at
    return seconds(None if end is None or recorded is None else recorded - end, symbol)


def _spread(_scrape: Scrape, market: Market, symbol: str) -> Iterator[Point]:
    if market.bid is None or market.ask is None or not market.mark:
        return iter(())
    return value((market.ask - market.bid) / market.mark * BASIS_POINTS, symbol)


def _session(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    settings = scrape.settings
    if settings is None:
        return
    for symbol in settings.symbols:
        yield from value(HOURS.is_open(settings.sessions.get(symbol), scrape.now_ns), symbol)


def _expiry(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    if scrape.settings is None:
        return
    named = {session.calendar for session in scrape.settings.sessions.values()}
    for calendar in sorted(named - {None}, key=str):
        yield from seconds(HOURS.expires(str(calendar)), str(calendar))


TABLE: Final[Table] = {
    metrics.QUOTE_TIME: _by_symbol(lambda _, market, symbol: seconds(market.quote_at, symbol)),
    metrics.QUOTE_AGE: _by_symbol(_age),
    metrics.MESSAGES: counted,
    metrics.BAD_MESSAGES: counted,
    metrics.BARS: counted,
    metrics.BARS_SKIPPED: counted,
    metrics.BAR_TIME: _by_symbol(lambda _, market, symbol: seconds(_bar_end(market), symbol)),
    metrics.BAR_DELAY: _by_symbol(_bar_delay),
    metrics.MARK_PRICE: _by_symbol(lambda _, market, symbol: value(market.mark, symbol)),
    metrics.SPREAD: _by_symbol(_spread),
    metrics.SESSION_OPEN: _session,
    metrics.SESSION_TABLE_EXPIRY: _expiry,
    metrics.BLOCKED: _by_symbol(
        lambda _, market, symbol: flags(market.blocks, labels.BLOCK_REASON.values or (), symbol)
    ),
    metrics.RECONNECTS: counted,
}
