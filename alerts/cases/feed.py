"""Market data and decisions, on an open and on a closed market."""

from __future__ import annotations

from typing import Final

from alerts.cases.case import Case, Page, Silence, always, level, rising, running

_OPEN: Final = {
    'tradingbot_market_session_open{bot="demo", symbol="EUR/USD"}': always(1),
    'tradingbot_settings_bar_seconds{bot="demo"}': always(60),
    'tradingbot_start_timestamp_seconds{bot="demo"}': always(0),
}
_CLOSED: Final = {
    'tradingbot_market_session_open{bot="demo", symbol="EUR/USD"}': always(0),
    'tradingbot_settings_bar_seconds{bot="demo"}': always(60),
}
_NO_DECISION: Final = {'tradingbot_last_decision_timestamp_seconds{bot="demo"}': running(300, 300, 600)}
_NO_BAR: Final = {
    'tradingbot_market_bar_timestamp_seconds{bot="demo", symbol="EUR/USD"}': running(300, 300, 600)
}
_NO_QUOTE: Final = {
    'tradingbot_market_quote_timestamp_seconds{bot="demo", symbol="EUR/USD"}': running(60, 120, 600)
}
_OTHER_OPEN: Final = {'tradingbot_market_session_open{bot="demo", symbol="GBP/USD"}': always(1)}
_STALE_FOR_LONG: Final = {
    'tradingbot_market_quote_timestamp_seconds{bot="demo", symbol="EUR/USD"}': running(60, 900)
}
_FROZEN: Final = 'tradingbot_symbol_blocked{bot="demo", symbol="EUR/USD", reason="FrozenBook"}'
_EURUSD: Final = {"symbol": "EUR/USD"}

CASES: Final = (
    Case(
        alert="NoDecisions",
        series={**_OPEN, **_NO_DECISION},
        quiet=490,
        fires=540,
        resolved=720,
        pages=(Page("demo asked no strategy for 4m 0s, more than three bars, while a session is open."),),
    ),
    # one symbol has been stale for long, the other has quotes: that is no reason for deciding nothing
    Case(
        alert="NoDecisions",
        series={
            **_OPEN,
            **_OTHER_OPEN,
            **_NO_DECISION,
            **_STALE_FOR_LONG,
            'tradingbot_market_quote_timestamp_seconds{bot="demo", symbol="GBP/USD"}': running(900),
        },
        quiet=490,
        fires=540,
        resolved=720,
        pages=(Page("demo asked no strategy for 4m 0s, more than three bars, while a session is open."),),
    ),
    Case(
        alert="NoBars",
        series={**_OPEN, **_NO_BAR},
        quiet=490,
        fires=540,
        resolved=720,
        pages=(Page("The last bar of EUR/USD on demo ended 4m 0s ago, more than three bars.", _EURUSD),),
    ),
    Case(
        alert="FeedStale",
        series={**_OPEN, **_NO_QUOTE},
        quiet=85,
        fires=120,
        resolved=300,
        pages=(Page("The last quote of EUR/USD on demo is 1m 0s old.", _EURUSD),),
    ),
    Case(
        alert="PricesNotBelieved",
        series={
            **_OPEN,
            _FROZEN: level((None, 60), (1, 120), (None, 600)),
            'tradingbot_market_mark_price{bot="demo", symbol="EUR/USD"}': always(1.1),
        },
        quiet=85,
        fires=120,
        resolved=420,
        pages=(
            Page(
                "demo has not believed the prices of EUR/USD for half a minute: FrozenBook; they say 1.1.",
                {**_EURUSD, "reason": "FrozenBook"},
            ),
        ),
    ),
    Case(
        alert="FeedReconnectStorm",
        series={
            'tradingbot_feed_reconnects_total{bot="demo", stream="quotes"}': rising(
                (0, 600), (0.1, 300), (0, 1800)
            )
        },
        quiet=600,
        fires=900,
        resolved=2100,
        pages=(Page("The stream quotes of demo was lost 30x in the last 10 minutes.", {"stream": "quotes"}),),
        every=15,
    ),
    Case(
        alert="FeedRefused",
        series={
            'tradingbot_market_refused_messages_total{bot="demo"}': rising((0, 300), (0.2, 300), (0, 1800))
        },
        quiet=330,
        fires=600,
        resolved=1500,
        pages=(Page("demo refused 60 messages in the last 5 minutes: no number, not positive, or crossed."),),
        every=15,
    ),
    Case(
        alert="SessionTableExpiring",
        series={
            'tradingbot_session_table_expiry_timestamp_seconds{bot="demo", calendar="XNYS"}': level(
                (2_595_600, 10_800), (34_000_000, 3600)
            )
        },
        quiet=3600,
        fires=10_200,
        resolved=12_000,
        pages=(Page("The trading hours XNYS that demo knows end in 29d 22h 10m 0s.", {"calendar": "XNYS"}),),
        every=60,
    ),
    Case(
        alert="FeedBudgetBurning",
        series={
            'tradingbot_market_session_open{bot="demo", symbol="EUR/USD"}': always(1),
            'tradingbot_market_quote_age_seconds{bot="demo", symbol="EUR/USD"}': level(
                (1, 3600), (60, 1800), (1, 40_000)
            ),
        },
        quiet=3600,
        fires=5400,
        resolved=28_800,
        pages=(
            Page(
                "demo uses it 100 times as fast as allowed, over 1 or 6 hours: too much of the open symbols' time their quotes were older than 5 seconds. Promised are 99.5 %.",
                {"slo": "feed"},
                "critical",
            ),
            Page(
                "demo uses it 4.167 times as fast as allowed, over 1 or 3 days: too much of the open symbols' time their quotes were older than 5 seconds. Promised are 99.5 %.",
                {"slo": "feed"},
                "warning",
            ),
        ),
        every=120,
    ),
)
SILENCES: Final = (
    Silence(
        alert="PricesNotBelieved",
        why="a quote stands still while its market is closed",
        series={**_CLOSED, _FROZEN: always(1)},
        until=600,
    ),
    Silence(
        alert="PricesNotBelieved",
        why="where quotes do not come at all the last one stands still too: a stale feed has an alert of its own",
        series={**_OPEN, _FROZEN: always(1), _FROZEN.replace("FrozenBook", "StaleFeed"): always(1)},
        until=600,
    ),
    Silence(
        alert="NoDecisions",
        why="no open symbol has quotes, which FeedStale tells; of the fresh one the market is closed",
        series={
            **_OPEN,
            **_NO_DECISION,
            **_STALE_FOR_LONG,
            'tradingbot_market_session_open{bot="demo", symbol="GBP/USD"}': always(0),
            'tradingbot_market_quote_timestamp_seconds{bot="demo", symbol="GBP/USD"}': running(900),
        },
        until=600,
    ),
    Silence(
        alert="NoDecisions",
        why="a closed market has nothing to decide on",
        series={**_CLOSED, **_NO_DECISION},
        until=600,
    ),
    Silence(
        alert="NoDecisions",
        why="the bot has just been started after a long rest",
        series={
            **_OPEN,
            'tradingbot_start_timestamp_seconds{bot="demo"}': level((600, 600)),
            'tradingbot_last_decision_timestamp_seconds{bot="demo"}': always(0),
        },
        until=780,
    ),
    Silence(
        alert="NoDecisions",
        why="the market has just opened after a night",
        series={
            **_OPEN,
            'tradingbot_market_session_open{bot="demo", symbol="EUR/USD"}': level((0, 36_000), (1, 240)),
            'tradingbot_last_decision_timestamp_seconds{bot="demo"}': always(0),
        },
        until=36_180,
        every=60,
    ),
    Silence(alert="NoBars", why="a closed market has no bars", series={**_CLOSED, **_NO_BAR}, until=600),
    Silence(
        alert="NoBars",
        why="with bars of an hour, four minutes are nothing",
        series={**_OPEN, **_NO_BAR, 'tradingbot_settings_bar_seconds{bot="demo"}': always(3600)},
        until=600,
    ),
    Silence(
        alert="NoBars",
        why="quotes have come back, and bars come with the next reconnect of their stream",
        series={
            **_OPEN,
            'tradingbot_market_quote_timestamp_seconds{bot="demo", symbol="EUR/USD"}': running(60, 430, 600),
            'tradingbot_market_bar_timestamp_seconds{bot="demo", symbol="EUR/USD"}': running(60, 460, 600),
        },
        until=515,
    ),
    Silence(
        alert="FeedStale", why="a closed market has no quotes", series={**_CLOSED, **_NO_QUOTE}, until=180
    ),
    Silence(
        alert="FeedStale",
        why="quotes come, only the scrapes flap",
        series={
            **_OPEN,
            'tradingbot_market_quote_timestamp_seconds{bot="demo", symbol="EUR/USD"}': running(600),
        },
        until=180,
    ),
    Silence(
        alert="FeedBudgetBurning",
        why="what misses a minute of its first quarter of an hour has not used the budget of an hour or a day",
        series={
            'tradingbot_market_session_open{bot="demo", symbol="EUR/USD"}': always(1),
            'tradingbot_market_quote_age_seconds{bot="demo", symbol="EUR/USD"}': level(
                (1, 480), (60, 60), (1, 900)
            ),
        },
        until=960,
        every=120,
    ),
    Silence(
        alert="FeedBudgetBurning",
        why="old quotes of a closed market use no budget",
        series={
            'tradingbot_market_session_open{bot="demo", symbol="EUR/USD"}': always(0),
            'tradingbot_market_quote_age_seconds{bot="demo", symbol="EUR/USD"}': rising((1, 20_000)),
        },
        until=7200,
        every=120,
    ),
)
