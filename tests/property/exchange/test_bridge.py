"""Synthetic quotes stay inside the real bar, add up to it, and are the same each time."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trading_bot.exchange.bars import Replay, candle
from trading_bot.exchange.bridge import PARTICIPATION, Bridge
from trading_bot.exchange.listing import DEFAULTS
from trading_bot.exchange.markets import CandleRange, Market
from trading_bot.exchange.timeline import INTERVALS, Timeline
from trading_bot.market_data.bundled import SYMBOLS, load

NOW = 1_795_312_628_774_000_000
SERIES = {symbol: load(symbol) for symbol in SYMBOLS}

symbols = st.sampled_from(SYMBOLS)
intervals = st.sampled_from(["1s", "1m", "1h"])
bars = st.integers(-500, 50_000)


def bridge(symbol: str, interval: str, seed: int = 1) -> Bridge:
    return Bridge(Replay(DEFAULTS[symbol], SERIES[symbol]), Timeline.begin(NOW, interval), seed)


@given(symbols, intervals, bars, st.integers(0, 9))
def test_a_bars_quotes_touch_open_high_low_and_close_and_never_leave_the_bar(symbol, interval, bar, seed):
    made = bridge(symbol, interval, seed)
    path, played = made.path(bar), made.replay.play(bar)
    assert len(path) == made.timeline.quotes_per_bar
    assert (path[0], path[-1]) == (played.open, played.close)
    assert (min(path), max(path)) == (played.low, played.high)


@given(symbols, intervals, bars, st.floats(0, 1, exclude_max=True))
def test_the_same_time_has_the_same_quote_after_a_restart(symbol, interval, bar, share):
    one, other = bridge(symbol, interval), bridge(symbol, interval)
    at = one.timeline.opens_at(bar) + int(share * one.timeline.bar_ns)
    other.path(bar + 1)
    assert one.price(at) == other.price(at)
    assert one.book(at, Decimal(0), Decimal(0)) == other.book(at, Decimal(0), Decimal(0))


@given(symbols, intervals, bars)
def test_a_bar_that_has_played_to_its_end_is_the_real_one(symbol, interval, bar):
    made = bridge(symbol, interval)
    playing = made.candle(made.timeline.opens_at(bar + 1) - 1)
    over = candle(made.replay, made.timeline, bar)
    assert (playing.open, playing.high, playing.low, playing.close) == (
        over.open,
        over.high,
        over.low,
        over.close,
    )
    assert playing.volume == over.volume


@given(symbols, bars, st.integers(0, 3), st.decimals(0, 10, places=3), st.decimals(0, 10, places=3))
def test_a_book_is_sorted_never_empty_never_crossed_and_no_larger_than_its_share_of_the_bar(
    symbol, bar, quote, bought, sold
):
    made = bridge(symbol, "1s")
    at = made.timeline.opens_at(bar) + quote * made.timeline.quote_ns
    book = made.book(at, bought, sold)
    bids, asks = [level.price for level in book.bids], [level.price for level in book.asks]
    assert bids
    assert asks
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    lot, lots = made.instrument.lot, made.replay.play(bar).lots
    for side in (book.bids, book.asks):
        assert sum(level.quantity for level in side) <= (lots * PARTICIPATION + 1) * lot
        assert all(level.quantity % lot == 0 for level in side)


@given(symbols, st.sampled_from(["1s", "1m"]), st.integers(0, 5_000), st.integers(1, 50))
def test_candles_follow_one_another_and_the_last_is_the_one_that_plays(symbol, interval, bar, limit):
    timeline = Timeline.begin(NOW, interval)
    market = Market(DEFAULTS[symbol], SERIES[symbol], timeline, 1)
    now = timeline.opens_at(bar) + timeline.bar_ns // 2
    for served in (interval, {"1s": "1m", "1m": "15m"}[interval]):
        candles = market.candles(CandleRange(interval=served, limit=limit), now)
        opens = [each.open_ns for each in candles]
        length = INTERVALS[served]
        assert opens == list(range(opens[0], opens[0] + length * len(opens), length))
        assert opens[-1] <= now < opens[-1] + length
        assert [each.closed for each in candles] == [True] * (len(candles) - 1) + [False]
        assert all(each.low <= min(each.open, each.close) for each in candles)
        assert all(each.high >= max(each.open, each.close) for each in candles)
