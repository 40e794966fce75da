"""Orders."""

from __future__ import annotations

from typing import Final

from alerts.cases.case import Case, Page, Silence, level, rising, running

_OF: Final = 'bot="demo", symbol="EUR/USD", side="buy", type="market"'
_REJECTED: Final = f'tradingbot_orders_total{{{_OF}, outcome="rejected"}}'
_FILLED: Final = f'tradingbot_orders_total{{{_OF}, outcome="filled"}}'
_SLIPPAGE: Final = 'tradingbot_order_slippage_bps_bucket{bot="demo", side="buy", le="'

CASES: Final = (
    Case(
        alert="OrderUnknown",
        series={
            'tradingbot_orders_unknown{bot="demo", symbol="EUR/USD"}': level((0, 60), (2, 120), (0, 300))
        },
        quiet=85,
        fires=120,
        resolved=300,
        pages=(
            Page(
                "Orders in EUR/USD on demo whose outcome is unknown for more than 30 seconds: 2.",
                {"symbol": "EUR/USD"},
            ),
        ),
    ),
    Case(
        alert="OrderUnknownOverdue",
        series={
            'tradingbot_orders_unknown_overdue{bot="demo", symbol="EUR/USD"}': level(
                (0, 60), (1, 120), (0, 300)
            )
        },
        quiet=55,
        fires=120,
        resolved=300,
        pages=(
            Page(
                "Orders in EUR/USD on demo that are unknown for longer than execution.unknown_operator_seconds: 1.",
                {"symbol": "EUR/USD"},
            ),
        ),
    ),
    Case(
        alert="OrderStuck",
        series={
            'tradingbot_orders_oldest_open_timestamp_seconds{bot="demo"}': level(
                (None, 60), (60, 600), (None, 60)
            )
        },
        quiet=350,
        fires=420,
        resolved=780,
        pages=(Page("The oldest open order of demo, protective ones left out, is open for 6m 0s."),),
        every=10,
    ),
    Case(
        alert="OrderRejectsHigh",
        series={_FILLED: rising((0.0125, 5000)), _REJECTED: rising((0, 900), (0.025, 300), (0, 3000))},
        quiet=900,
        fires=1200,
        resolved=2700,
        pages=(
            Page(
                "40% of the orders of demo that ended in the last 15 minutes were rejected, at least 3 of them."
            ),
        ),
        every=20,
    ),
    Case(
        alert="FillRatioLow",
        series={
            _FILLED: rising((0.0125, 900), (0, 900), (0.0125, 5000)),
            f'tradingbot_orders_total{{{_OF}, outcome="cancelled"}}': rising(
                (0, 900), (0.025, 900), (0, 3000)
            ),
        },
        quiet=900,
        fires=1800,
        resolved=3600,
        pages=(
            Page(
                "Only 0% of the orders of demo that ended in the last 15 minutes were filled, of at least 4."
            ),
        ),
        every=20,
    ),
    Case(
        alert="SlippageHigh",
        series={
            f'{_SLIPPAGE}10.0"}}': rising((0.0125, 3600), (0, 3600), (0.0125, 9000)),
            f'{_SLIPPAGE}50.0"}}': rising((0.0125, 20_000)),
            f'{_SLIPPAGE}+Inf"}}': rising((0.0125, 20_000)),
            'tradingbot_fills_total{bot="demo", symbol="EUR/USD", side="buy", liquidity="taker"}': rising(
                (0.0125, 20_000)
            ),
        },
        quiet=3600,
        fires=6600,
        resolved=10_800,
        pages=(
            Page(
                "Half of the fills of demo in the last hour cost 26.4 basis points or more against the mark, of at least 10 fills."
            ),
        ),
        every=60,
    ),
    Case(
        alert="OrderAckSlow",
        series={
            'tradingbot_order_ack_duration_seconds_bucket{bot="demo", type="market", le="1.0"}': rising(
                (0.1, 3600), (0.025, 4200), (0.1, 40_000)
            ),
            'tradingbot_order_ack_duration_seconds_bucket{bot="demo", type="market", le="+Inf"}': rising(
                (0.1, 90_000)
            ),
        },
        quiet=3600,
        fires=7800,
        resolved=30_600,
        pages=(
            Page(
                "demo uses it 75 times as fast as allowed, over 1 or 6 hours: too much of the orders were acknowledged after more than a second. Promised are 99 %.",
                {"slo": "order_acks"},
                "critical",
            ),
            Page(
                "demo uses it 3.695 times as fast as allowed, over 1 or 3 days: too much of the orders were acknowledged after more than a second. Promised are 99 %.",
                {"slo": "order_acks"},
                "warning",
            ),
        ),
        every=120,
    ),
)
SILENCES: Final = (
    Silence(
        alert="OrderUnknown",
        why="a doubt that is settled within seconds",
        series={'tradingbot_orders_unknown{bot="demo", symbol="EUR/USD"}': level((0, 60), (1, 20), (0, 60))},
        until=120,
    ),
    Silence(
        alert="OrderRejectsHigh",
        why="one rejected order of one is chance",
        series={_REJECTED: level((0, 300), (1, 300))},
        until=600,
        every=20,
    ),
    Silence(
        alert="SlippageHigh",
        why="the price moved between decision and fill, for better as often as for worse",
        series={
            f'{_SLIPPAGE}-10.0"}}': rising((0.005, 9000)),
            f'{_SLIPPAGE}5.0"}}': rising((0.0075, 9000)),
            f'{_SLIPPAGE}+Inf"}}': rising((0.0125, 9000)),
            'tradingbot_fills_total{bot="demo", symbol="EUR/USD", side="buy", liquidity="taker"}': rising(
                (0.0125, 9000)
            ),
        },
        until=3600,
        every=60,
    ),
    Silence(
        alert="OrderAckSlow",
        why="two slow orders in an hour with few are no burn",
        series={
            'tradingbot_order_ack_duration_seconds_bucket{bot="demo", type="market", le="1.0"}': rising(
                (1 / 960, 3600), (0, 600), (1 / 960, 9000)
            ),
            'tradingbot_order_ack_duration_seconds_bucket{bot="demo", type="market", le="+Inf"}': rising(
                (1 / 960, 3600), (3 / 960, 600), (1 / 960, 9000)
            ),
        },
        until=4500,
        every=120,
    ),
    Silence(
        alert="OrderStuck",
        why="orders come and go",
        series={'tradingbot_orders_oldest_open_timestamp_seconds{bot="demo"}': running(900)},
        until=600,
        every=10,
    ),
)
