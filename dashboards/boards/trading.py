"""What it earned, with what, and what that cost."""

from __future__ import annotations

from typing import Final

from dashboards import look, panels
from dashboards.board import Board, Row, address
from dashboards.queries import account, orders

BOARD: Final = Board(
    name="trading",
    title="Tickertape / Trading",
    description="What the bot earned, with which symbols, and what trading cost.",
    marks=("Trades", "Mode changes", "Restarts", "Settings changes", "Firing alerts"),
    rows=(
        Row(
            100,
            "Result",
            (
                panels.lines(
                    101,
                    "Equity",
                    (account.EQUITY, account.PEAK, account.DAY_START),
                    "Cash plus positions at the mark, its highest value so far, and that of the day's start. Marks "
                    "are trades. A fall away from the peak is the drawdown.",
                )
                .unit(look.MONEY)
                .override_by_regexp("peak.*", panels.dashed(look.GOOD))
                .override_by_regexp("day's start.*", panels.dashed(look.QUIET))
                .span(16)
                .no_value(look.SILENT),
                panels.lines(
                    102,
                    "Profit and loss",
                    (account.DAILY, account.REALIZED, account.UNREALIZED),
                    "Today's, what was realized since the journal began (after fees), and what open positions would "
                    "bring now. Realized falling steadily: costs or the strategy.",
                )
                .unit(look.MONEY)
                .span(8)
                .no_value(look.SILENT),
                panels.lines(
                    103,
                    "Profit and loss by symbol",
                    (account.POSITION_RESULT,),
                    "Realized plus unrealized since the journal began, after fees. One symbol alone far below the "
                    "others: look at its trades in Execution.",
                )
                .unit(look.MONEY)
                .span(8)
                .no_value("no trade yet")
                .data_links([panels.link("Execution", address("execution"))]),
                panels.lines(
                    106,
                    "Profit and loss by strategy",
                    (account.STRATEGY_RESULT,),
                    "Realized plus unrealized since the journal began, after fees, of what each strategy bought. One "
                    "that falls while the others do not: stop it. unattributed was adopted from the venue.",
                )
                .unit(look.MONEY)
                .span(8)
                .no_value("no trade yet"),
                panels.lines(
                    105,
                    "Drawdown",
                    (account.DRAWDOWN, account.MAX_DRAWDOWN),
                    "Fall from the peak, now and at its largest since the journal began.",
                )
                .unit(look.SHARE)
                .span(8)
                .no_value(look.SILENT),
                panels.lines(
                    104,
                    "Exposure",
                    (account.NOTIONAL, account.EXPOSURE_LIMIT),
                    "Value of what is held, stacked by symbol, under the limit max_gross_exposure. At the limit new "
                    "entries are denied.",
                )
                .unit(look.MONEY)
                .fill_opacity(40)
                .stacking(panels.stacked())
                .override_by_regexp("limit.*", panels.limit_line())
                .span(24)
                .height(7)
                .no_value("no position, or not known: the bot is silent"),
            ),
        ),
        Row(
            200,
            "Trades",
            (
                panels.number(
                    201,
                    "Win rate",
                    account.WIN_RATE,
                    "Won round trips as a share of the won and lost ones in this time. Alone it says little: a "
                    "trend follower lives with 40 %.",
                )
                .unit(look.SHARE)
                .decimals(0)
                .height(8)
                .no_value("no round trip in this time"),
                panels.gauges(
                    202,
                    "Round trips in this time",
                    account.ROUND_TRIPS,
                    "Positions closed from flat to flat, by how they ended, after fees.",
                )
                .decimals(0)
                .override_by_name("won", panels.coloured(look.GOOD))
                .override_by_name("lost", panels.coloured(look.BAD))
                .span(4)
                .no_value("none in this time"),
                panels.gauges(
                    203,
                    "Fees in this time",
                    account.FEES,
                    "Commission by the asset that it was taken from, valued at the present mark. Compare it with the "
                    "realized result: fees that eat it call for fewer trades.",
                )
                .unit(look.MONEY)
                .decimals(2)
                .span(4)
                .height(8)
                .no_value("none in this time"),
                panels.lines(
                    204,
                    "Slippage",
                    (account.SLIPPAGE_MEDIAN, account.SLIPPAGE_WORST),
                    "Price of a fill against the mark when the order was decided on; positive costs. Good: a few "
                    "basis points. More: smaller orders, or limit orders.",
                )
                .unit(look.BASIS_POINTS)
                .interval(look.SPARSE)
                .show_points(look.ALWAYS)
                .span(12)
                .no_value("no fill in this time"),
                panels.lines(
                    205,
                    "Signals against orders, a minute",
                    (orders.SIGNALS, orders.SENT, orders.FILLS),
                    "Signals without orders: denied, blocked or already in position (see Risk). Orders without "
                    "fills: see Execution.",
                )
                .unit(look.PER_MINUTE)
                .axis_soft_min(0)
                .interval(look.SPARSE)
                .no_value("nothing in this time")
                .data_links([panels.link("Execution", address("execution"))]),
                panels.bars(
                    206,
                    "Signals by strategy, a minute",
                    (orders.BY_STRATEGY,),
                    "Which strategy wants what. One that never speaks is still warming up, or its symbols are stale.",
                )
                .unit(look.PER_MINUTE)
                .no_value("no signal in this time"),
                panels.bars(
                    207,
                    "Value traded, a minute",
                    (account.TURNOVER,),
                    "Value of executions by symbol: what fees and slippage are paid on.",
                )
                .unit(look.MONEY)
                .span(24)
                .height(6)
                .no_value("no fill in this time"),
            ),
        ),
    ),
)
