"""What the venue tells, and how fresh it is."""

from __future__ import annotations

from typing import Final

from dashboards import look, panels
from dashboards.board import Board, Row
from dashboards.boards import words
from dashboards.queries import health, market, orders

BOARD: Final = Board(
    name="market-data",
    title="Tickertape / Market data",
    description="How fresh, complete and wide the venue's market data is, by symbol.",
    rows=(
        Row(
            100,
            "Fresh",
            (
                panels.number(
                    101,
                    "Oldest quote",
                    market.OLDEST,
                    "Good: about a second while sessions are open. From 5 s on (stale_after_seconds) its symbol "
                    "takes no new risk.",
                )
                .unit(look.SECONDS)
                .decimals(1)
                .thresholds(look.thresholds(look.QUOTE_AGE))
                .no_value("no quote yet"),
                panels.named_states(
                    102,
                    "Blocked symbols",
                    health.BLOCKED,
                    "Which symbols take no new risk, and why. None is good. StaleFeed: nothing comes for it.",
                )
                .mappings([words.BLOCKED])
                .thresholds(look.thresholds(look.SOME_IS_TROUBLE))
                .span(8)
                .no_value("none"),
                panels.number(
                    103,
                    "Refused messages",
                    market.REFUSED,
                    "In this time: not a number, not positive, or bid above ask. Good: 0. Otherwise the venue sends "
                    "nonsense: see Errors.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .no_value("nothing is scraped"),
                panels.gauges(
                    104,
                    "Bars that never came, in this time",
                    market.SKIPPED,
                    "Gaps by symbol. Good: none. The bot fetches missed bars after a reconnect; what stays missing "
                    "is counted here.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_TROUBLE))
                .span(8)
                .height(4)
                .no_value("none in this time"),
                panels.lines(
                    105,
                    "Age of the last quote",
                    (market.AGE,),
                    "Good: below the dashed line at 5 s (stale_after_seconds) while the session is open. One line "
                    "climbing: that symbol; all lines: the connection.",
                )
                .unit(look.SECONDS)
                .thresholds(look.thresholds(look.QUOTE_AGE))
                .thresholds_style(panels.limit_area())
                .axis_soft_min(0)
                .axis_soft_max(6)
                .no_value("no quote yet"),
                panels.states(
                    106,
                    "Blocked for new risk",
                    health.BLOCKED_OVER_TIME,
                    "Green is free. Orange: the symbol took no new risk at that time, for whatever reason.",
                )
                .mappings([words.BLOCKED])
                .no_value(look.SILENT),
                panels.states(
                    107,
                    "Trading session",
                    market.OPEN,
                    "Green is open. An old quote matters only then.",
                )
                .mappings([words.SESSION])
                .no_value("nothing is scraped"),
                panels.lines(
                    108,
                    "Messages, a second",
                    (market.MESSAGES,),
                    "Quotes, trades and bars by symbol. Good: steady. To zero: the feed is mute.",
                )
                .unit(look.PER_SECOND)
                .axis_soft_min(0)
                .interval("10s")
                .no_value("nothing is scraped"),
                panels.steps(
                    109,
                    "Blocked symbols by reason",
                    (market.BLOCKS,),
                    "How many, and why; one symbol can have several reasons. Empty is good. StaleFeed: nothing comes; "
                    "FrozenBook: quotes come and never change; PriceJump: the price moved too far at once and the "
                    "venue is asked; UnknownSession: no trading hours are known; NotListed, NotReconciled, "
                    "NoHistory: the venue does not serve it; UnknownOrder, Mismatch, Unprotected, StuckPosition: see "
                    "Risk and Guards.",
                )
                .decimals(0)
                .override_by_name("StaleFeed", panels.coloured(look.WARNING))
                .override_by_name("FrozenBook", panels.coloured(look.CAREFUL))
                .override_by_name("PriceJump", panels.coloured(look.NEUTRAL))
                .override_by_name("UnknownOrder", panels.coloured(look.UNKNOWN))
                .override_by_name("Mismatch", panels.coloured(look.BAD))
                .span(16)
                .no_value("none in this time"),
                panels.number(
                    110,
                    "Trading hours known for",
                    market.CALENDAR_LEFT,
                    "How long the shipped table of sessions still reaches, by calendar. Below 30 days: update "
                    "Tickertape; afterwards the calendar's symbols take no new risk.",
                )
                .unit(look.DURATION)
                .decimals(0)
                .thresholds(look.thresholds(look.CALENDAR_LEFT))
                .span(8)
                .height(8)
                .no_value("no calendar that ends: the symbols trade around the clock"),
            ),
        ),
        Row(
            200,
            "Bars",
            (
                panels.lines(
                    201,
                    "Closed bars, a minute",
                    (market.BARS,),
                    "60 with bars of one second, 1 with bars of one minute. Strategies decide on closed bars only.",
                )
                .unit(look.PER_MINUTE)
                .axis_soft_min(0)
                .interval(look.SPARSE)
                .span(8)
                .no_value("nothing is scraped"),
                panels.lines(
                    202,
                    "Bar lateness",
                    (market.BAR_DELAY,),
                    "From the end of a bar to its record. Good: milliseconds. Growing: the network or a busy "
                    "machine.",
                )
                .unit(look.SECONDS)
                .axis_soft_min(0)
                .span(8)
                .no_value(look.SILENT),
                panels.gauges(
                    203,
                    "Reconnects in this time",
                    orders.RECONNECTS,
                    "Streams that were lost and flow again. Good: 0.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .no_value("nothing is scraped"),
            ),
        ),
        Row(
            300,
            "Prices",
            (
                panels.lines(
                    301,
                    "Price against its average",
                    (market.AGAINST_AVERAGE,),
                    "How far each symbol is from its own average of the time shown, so that prices of every size "
                    "share an axis.",
                )
                .unit(look.SHARE)
                .no_value(look.SILENT),
                panels.lines(
                    302,
                    "Spread",
                    (market.SPREAD,),
                    "Ask minus bid, as a part of the price: what each order pays. Good: steady. Wide: thin books.",
                )
                .unit(look.BASIS_POINTS)
                .axis_soft_min(0)
                .no_value(look.SILENT),
                panels.rows(
                    303,
                    "Now",
                    {
                        "Price": market.PRICE,
                        "Spread": market.SPREAD,
                        "Age": market.AGE,
                        "Session": market.OPEN,
                    },
                    "Each symbol now. A red age with an open session is a symbol to look at.",
                )
                .override_by_name("Price", panels.column(("unit", look.MONEY), ("decimals", 4)))
                .override_by_name("Spread", panels.column(("unit", look.BASIS_POINTS), ("decimals", 1)))
                .override_by_name("Age", panels.age_column(look.QUOTE_AGE))
                .override_by_name("Session", panels.worded_column(words.SESSION))
                .override_by_name("bot", panels.column(("displayName", "Bot")))
                .override_by_name("symbol", panels.column(("displayName", "Symbol")))
                .span(24)
                .no_value("nothing is scraped"),
            ),
        ),
    ),
)
