"""The quick look at a bar and the one that names what is wrong agree."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trading_bot.market_data.quality import faults, is_sound
from trading_bot.market_data.series import Bar

NUMBERS = st.sampled_from((0.0, 1.0, 2.0, 3.0)) | st.floats()


@given(
    bar=st.builds(
        Bar, open_time_ns=st.just(0), open=NUMBERS, high=NUMBERS, low=NUMBERS, close=NUMBERS, volume=NUMBERS
    )
)
def test_a_bar_is_sound_where_nothing_is_wrong_with_it(bar):
    assert is_sound(bar) is (not list(faults(bar)))
