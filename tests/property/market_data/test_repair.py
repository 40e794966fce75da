"""Whatever is done to a file, a repair of it has no fault, and invents no price."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from support.market_files import MINUTE, START, lines, waves, write

from trading_bot.market_data import intake, stored

ROWS = waves(60)
TEXTS = lines(ROWS)
CLOSES = {row[4] for row in ROWS}

harm = st.tuples(st.sampled_from(["drop", "twice", "swap", "spoil"]), st.integers(1, 57))


def harmed(harms) -> list[str]:
    texts = list(TEXTS)
    for what, place in harms:
        here = place % (len(texts) - 2) + 1
        if what == "drop":
            del texts[here]
        elif what == "twice":
            texts.insert(here, texts[here])
        elif what == "swap":
            texts[here], texts[here + 1] = texts[here + 1], texts[here]
        else:
            texts[here] = texts[here].replace(",", ",-", 1)
    return texts


@given(st.lists(harm, max_size=4))
def test_a_repaired_series_is_whole_and_holds_real_closes_only(harms):
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "btc.csv", harmed(harms))
        request = intake.Request(path=path, symbol="BTC/USD", repair=True)
        intake.take_in(request, Path(folder), 1, begun=False)
        bars = stored.load(stored.path_of(Path(folder), "BTC/USD")).bars
        times = [bar.open_time_ns // 10**9 for bar in bars]
        assert times == list(range(times[0], times[-1] + MINUTE, MINUTE))
        assert START <= times[0] <= times[-1] <= START + 59 * MINUTE
        assert {bar.close for bar in bars} <= CLOSES
