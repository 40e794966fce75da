"""What is promised, and whether it is kept."""

from __future__ import annotations

from typing import Final

from dashboards import look, panels
from dashboards.board import Board, Row, address
from dashboards.boards import words
from dashboards.queries import levels

BOARD: Final = Board(
    name="levels",
    title="Tickertape / Service levels",
    description="Four promises, how far they are kept, and how fast the budget for missing them is used.",
    rows=(
        Row(
            100,
            "Promised and kept",
            (
                panels.rows(
                    101,
                    "Service levels",
                    {
                        "Promised": levels.PROMISED,
                        "Kept in this time": levels.KEPT,
                        "Error budget left": levels.LEFT,
                        "Burn, 1 h": levels.BURN["1h"],
                        "Missed, 1 h": levels.MISSED_HOUR,
                    },
                    "A promise a row. Good: kept is at least what was promised, and budget is left. The budget is "
                    "what may go wrong in three days (promised 99.5 %: one of 200); below 0 % the promise is "
                    "broken. Burn 1 uses it up just in time. Red in the last column but one pages.",
                    first=("slo",),
                )
                .override_by_name("slo", panels.worded_column(words.LEVELS, "Promise"))
                .override_by_name("bot", panels.column(("displayName", "Bot"), ("custom.width", 90)))
                .override_by_name(
                    "Promised", panels.column(("unit", look.SHARE), ("decimals", 1), ("custom.width", 110))
                )
                .override_by_name(
                    "Kept in this time",
                    panels.column(("unit", look.SHARE), ("decimals", 2), ("custom.width", 150)),
                )
                .override_by_name(
                    "Error budget left",
                    panels.graded_column(look.LEVEL_LEFT, look.SHARE, 0, width=150),
                )
                .override_by_name("Burn, 1 h", panels.graded_column(look.BURN, "suffix:times", 1, width=130))
                .override_by_name(
                    "Missed, 1 h", panels.column(("unit", look.COUNT), ("decimals", 0), ("custom.width", 130))
                )
                .span(24)
                .height(7)
                .no_value("not known"),
                panels.gauges(
                    102,
                    "Error budget left",
                    levels.LEFT,
                    "Of what may go wrong in three days. Good: more than half. Empty: stop what is not urgent "
                    "(releases, new strategies) until it has grown again.",
                )
                .unit(look.SHARE)
                .max(1)
                .decimals(0)
                .thresholds(look.thresholds(look.LEVEL_LEFT))
                .no_value("no rules are loaded: alerts/generated"),
                panels.lines(
                    103,
                    "Error budget left over time",
                    (levels.LEFT,),
                    "A slope is a steady loss, a step an outage. It grows again as bad hours leave the three days.",
                )
                .unit(look.SHARE)
                .axis_soft_min(0)
                .axis_soft_max(1)
                .interval(look.SPARSE)
                .span(16)
                .no_value("no rules are loaded: alerts/generated"),
            ),
        ),
        Row(
            200,
            "How fast the budget is used",
            (
                panels.lines(
                    201,
                    "Burn rate, over 1 hour",
                    (levels.BURN["1h"],),
                    "Times what is allowed. Good: below 1. From the red line on (14.4) a fifth of the budget goes "
                    "in an hour: together with the 5 minutes beside it, that pages.",
                )
                .decimals(1)
                .axis_soft_min(0)
                .axis_soft_max(2)
                .thresholds(look.thresholds(look.BURN))
                .thresholds_style(panels.limit_dashes())
                .interval(look.SPARSE)
                .no_value("no rules are loaded: alerts/generated"),
                panels.lines(
                    202,
                    "Burn rate, over 5 minutes",
                    (levels.BURN["5m"],),
                    "Whether it still goes on. High here and low over 1 hour: it just began, or was short. Low here "
                    "and high over 1 hour: it is over, and the alert ends.",
                )
                .decimals(1)
                .axis_soft_min(0)
                .axis_soft_max(2)
                .thresholds(look.thresholds(look.BURN))
                .thresholds_style(panels.limit_dashes())
                .interval(look.SPARSE)
                .no_value("no rules are loaded: alerts/generated"),
                panels.lines(
                    203,
                    "Burn rate, over 6 hours",
                    (levels.BURN["6h"],),
                    "Good: below 1. Above 6 it pages as well, above 1 in the long run it asks for a look by day.",
                )
                .decimals(1)
                .axis_soft_min(0)
                .axis_soft_max(2)
                .thresholds(look.thresholds(look.BURN))
                .thresholds_style(panels.limit_dashes())
                .interval(look.SPARSE)
                .no_value("no rules are loaded: alerts/generated"),
                panels.lines(
                    204,
                    "Burn rate, over 3 days",
                    (levels.BURN["3d"],),
                    "The budget's own time: at 1 it is used up. Good: well below.",
                )
                .decimals(1)
                .axis_soft_min(0)
                .axis_soft_max(2)
                .thresholds(look.thresholds(look.BURN))
                .thresholds_style(panels.limit_dashes())
                .interval(look.SPARSE)
                .no_value("no rules are loaded: alerts/generated"),
            ),
        ),
        Row(
            300,
            "What missed, and of how much",
            (
                panels.lines(
                    301,
                    "Missed, a second",
                    (levels.BAD,),
                    "Late decisions, late acknowledgements, symbols without a fresh quote, failed requests: the "
                    "mean of 5 minutes. Good: 0. Follow the line that rises: Machinery, Execution, Market data, "
                    "Operations.",
                )
                .unit(look.PER_SECOND)
                .axis_soft_min(0)
                .axis_soft_max(1)
                .interval(look.SPARSE)
                .span(8)
                .no_value("no rules are loaded: alerts/generated")
                .data_links(
                    [
                        panels.link("Decisions: Machinery", address("machinery", 102)),
                        panels.link("Order acks: Execution", address("execution", 203)),
                        panels.link("Feed: Market data", address("market-data", 105)),
                        panels.link("API: Operations", address("operations", 103)),
                    ]
                ),
                panels.lines(
                    302,
                    "All, a second",
                    (levels.ALL,),
                    "What is counted: decisions, acknowledgements, requests; for the feed the symbols whose session "
                    "is open. Where little happens one miss weighs much: no alert before three.",
                )
                .unit(look.PER_SECOND)
                .axis_soft_min(0)
                .interval(look.SPARSE)
                .span(8)
                .no_value("no rules are loaded: alerts/generated"),
                panels.gauges(
                    303,
                    "Missed in 6 hours",
                    levels.MISSED_SIX,
                    "How many. Good: 0. For the feed: seconds of symbols without a fresh quote; of a younger bot as "
                    "if it had gone on for 6 hours as it did.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .no_value("no rules are loaded: alerts/generated"),
            ),
        ),
    ),
)
