"""How much of a venue's rate limit is used, as its answers tell it."""

from __future__ import annotations

import pytest

from trading_bot.venues.ccxt_client import used_share


@pytest.mark.parametrize(
    ("exchange", "headers", "share"),
    [
        ("binance", {"X-MBX-USED-WEIGHT-1M": "1500"}, 0.25),
        ("binance", {"x-mbx-used-weight-1m": "0"}, 0.0),
        ("binance", {"X-Mbx-Used-Weight-1m": "7200"}, 1.2),  # more than allowed is what it says
        ("binance", {"x-mbx-used-weight-1m": "many"}, None),
        ("binance", {"content-type": "application/json"}, None),
        ("binance", None, None),
        ("kraken", {"x-mbx-used-weight-1m": "1500"}, None),
    ],
)
def test_it_is_what_the_header_says_and_not_known_without_one(exchange, headers, share):
    assert used_share(exchange, headers) == share
