"""Which bar is which minute."""

from __future__ import annotations

import pytest

from trading_bot.domain.clock import SECOND
from trading_bot.exchange.timeline import INTERVALS, MINUTE, Timeline

NOW = 1_795_312_628_774_000_000


def test_bar_0_is_the_bar_of_the_start_and_opens_on_a_full_interval():
    timeline = Timeline.begin(NOW, "1m")
    assert timeline.anchor_ns % MINUTE == 0
    assert timeline.bar_of(NOW) == 0
    assert timeline.bar_of(timeline.anchor_ns - 1) == -1
    assert timeline.opens_at(3) == timeline.anchor_ns + 3 * MINUTE


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_bar_has_at_least_four_quotes_and_a_second_at_most_four(interval):
    timeline = Timeline.begin(NOW, interval)
    assert timeline.quotes_per_bar >= 4
    assert timeline.quote_ns >= SECOND // 4
    assert timeline.quotes_per_bar * timeline.quote_ns == timeline.bar_ns


@pytest.mark.parametrize("interval", INTERVALS)
def test_quotes_follow_one_another_without_gap(interval):
    timeline = Timeline.begin(NOW, interval)
    following = timeline.next_quote_at(NOW)
    assert NOW < following <= NOW + timeline.quote_ns
    assert timeline.quote_number(following) == timeline.quote_number(NOW) + 1
    assert timeline.quote_of(following - 1) == timeline.quote_of(NOW)


def test_klines_are_served_for_the_bar_and_for_what_it_divides():
    timeline = Timeline.begin(NOW, "1m")
    assert [name for name in INTERVALS if timeline.serves(name)] == ["1m", "3m", "5m", "15m", "30m", "1h"]
    assert not timeline.serves("7m")
