"""What watches over time: guards, breakers, and the stops of positions."""

from __future__ import annotations

from typing import Final

from dashboards import look, panels
from dashboards.board import Board, Row, address
from dashboards.boards import words
from dashboards.queries import guards

BOARD: Final = Board(
    name="guards",
    title="Tickertape / Guards",
    description="What stops the bot before losses do: guards, their breakers, and the stop of every position.",
    rows=(
        Row(
            100,
            "Now",
            (
                panels.number(
                    101,
                    "Half of today's loss used",
                    guards.WARNING,
                    "no is good. HALF USED: half or more of max_daily_loss is lost; at the limit the breaker opens.",
                )
                .mappings([words.WARNED])
                .no_value("not known: equity or the day's start is not")
                .data_links([panels.link("Trading", address("trading"))]),
                panels.number(
                    102,
                    "Anchors of limits",
                    guards.ANCHORS,
                    "known is good. NOT KNOWN: nobody can say what daily loss and drawdown are measured from, and "
                    "the bot only closes positions. They come back with the balances; else see Errors.",
                )
                .mappings([words.KNOWN])
                .no_value(look.SILENT),
                panels.number(
                    103,
                    "Positions without their stop",
                    guards.UNPROTECTED,
                    "Good: 0. A position lacks the stop-loss or take-profit that the settings want. The bot places "
                    "it again by itself; minutes long: close the position by hand.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.NONE_IS_GOOD))
                .no_value(look.SILENT),
                panels.number(
                    104,
                    "Stuck positions",
                    guards.STUCK,
                    "Good: 0. Older than max_position_age_seconds, or wanted flat for longer than max_exit_seconds. "
                    "Close it: `tickertape control flatten`, or at the venue.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.NONE_IS_GOOD))
                .no_value(look.SILENT),
                panels.number(
                    105,
                    "Prices in doubt",
                    guards.DOUBTED,
                    "Positions whose mark is too old or jumped and is not believed, so equity is uncertain. The bot "
                    "asks the venue; see Market data.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_TROUBLE))
                .no_value(look.SILENT)
                .data_links([panels.link("Market data", address("market-data"))]),
                panels.number(
                    106,
                    "Losses in a row",
                    guards.LOSSES,
                    "Losing round trips since the last winning one, as the breaker counts them. Its limit is "
                    "max_consecutive_losses.",
                )
                .decimals(0)
                .no_value(look.SILENT)
                .data_links([panels.link("Trading", address("trading"))]),
            ),
        ),
        Row(
            200,
            "What guards count, below their limits",
            (
                panels.lines(
                    201,
                    "Losses in a row",
                    (guards.LOSSES, guards.LOSSES_LIMIT),
                    "Good: below the dashed limit. At it the breaker opens, the bot only closes positions, and goes "
                    "on after the cool-down with a count from 0.",
                )
                .decimals(0)
                .axis_soft_min(0)
                .override_by_regexp("limit.*", panels.dashed(look.BAD))
                .no_value("not known: the bot is silent"),
                panels.lines(
                    202,
                    "Orders refused or unknown",
                    (guards.ORDER_ERRORS, guards.ORDER_ERRORS_LIMIT),
                    "Share of the last orders. Good: 0 %. Near the dashed limit: read Rejected in Execution before "
                    "it opens its breaker.",
                )
                .unit(look.SHARE)
                .axis_soft_min(0)
                .override_by_regexp("limit.*", panels.dashed(look.BAD))
                .no_value("fewer orders than it takes to judge"),
                panels.lines(
                    203,
                    "Slippage",
                    (guards.SLIPPAGE, guards.SLIPPAGE_LIMIT),
                    "Mean cost of the last filled orders against their marks; positive costs. Near the dashed "
                    "limit: thin books or a late feed; trade smaller.",
                )
                .unit(look.BASIS_POINTS)
                .axis_soft_min(0)
                .override_by_regexp("limit.*", panels.dashed(look.BAD))
                .no_value("fewer fills than it takes to judge"),
                panels.lines(
                    204,
                    "Orders for each that traded",
                    (guards.ORDER_TO_TRADE, guards.ORDER_TO_TRADE_LIMIT),
                    "Good: near 1. Many orders without a trade look like abuse to a venue, which may ban the bot.",
                )
                .unit("suffix:to 1")
                .axis_soft_min(0)
                .override_by_regexp("limit.*", panels.dashed(look.BAD))
                .no_value("fewer orders than it takes to judge"),
            ),
        ),
        Row(
            300,
            "Breakers and stops",
            (
                panels.states(
                    301,
                    "Breakers",
                    guards.BREAKERS_OVER_TIME,
                    "Green is closed. Red: open, the bot only closes positions. Loss and drawdown close by the next "
                    "day or a person, the others after their cool-down; `tickertape workflow execute reset-breaker`.",
                )
                .mappings([words.BREAKER_BAND])
                .no_value(look.SILENT),
                panels.states(
                    302,
                    "Stops of positions",
                    guards.MISSING_OVER_TIME,
                    "Green: the position has the stop that the settings want, or there is none to have. Red: it is "
                    "missing; new risk is refused there until it rests again.",
                )
                .mappings([words.PROTECTED])
                .no_value(look.SILENT),
                panels.bars(
                    303,
                    "Stops that rest at the venue",
                    (guards.STOPS,),
                    "Stop-losses and take-profits by symbol. As many as positions, where the settings want them; "
                    "none where they do not, or where the bot watches the price itself.",
                )
                .decimals(0)
                .no_value("none rests at the venue"),
                panels.gauges(
                    304,
                    "Breaker openings in this time",
                    guards.OPENINGS,
                    "How often each opened. Empty is good.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.NONE_IS_GOOD))
                .span(12)
                .no_value("none in this time")
                .data_links([panels.link("Risk and reconciliation", address("risk"))]),
            ),
        ),
    ),
)
