"""How orders fare at the venue."""

from __future__ import annotations

from typing import Final

from dashboards import look, panels
from dashboards.board import Board, Row, address
from dashboards.queries import orders

BOARD: Final = Board(
    name="execution",
    title="Tickertape / Execution",
    description="How orders fare: outcomes, latencies with the traces behind them, and the way to the venue.",
    rows=(
        Row(
            100,
            "Outcomes",
            (
                panels.number(
                    101,
                    "Filled",
                    orders.FILLED_SHARE,
                    "Of the orders that ended in this time. Good: near 100 % for market orders.",
                )
                .unit(look.SHARE)
                .decimals(0)
                .thresholds(look.thresholds(look.FILL_SHARE))
                .no_value("no order ended in this time"),
                panels.number(
                    102,
                    "Rejected",
                    orders.REJECTED_SHARE,
                    "By the venue, of the orders that ended in this time. Good: 0 %. Otherwise the error's context "
                    "has the venue's own words.",
                )
                .unit(look.SHARE)
                .decimals(0)
                .thresholds(look.thresholds(look.REJECT_SHARE))
                .no_value("no order ended in this time")
                .data_links([panels.link("Errors", address("errors"))]),
                panels.number(
                    103,
                    "Outcome unknown",
                    orders.UNKNOWN_SHARE,
                    "Orders sent in this time whose answer got lost, as a share. Good: 0 %. Each blocked its symbol "
                    "until reconciliation knew better.",
                )
                .unit(look.SHARE)
                .decimals(0)
                .thresholds(look.thresholds(look.REJECT_SHARE))
                .no_value("no order sent in this time"),
                panels.number(
                    104,
                    "Unknown now",
                    orders.UNKNOWN,
                    "Good: 0. The bot asks the venue by itself.",
                )
                .thresholds(look.thresholds(look.NONE_IS_GOOD))
                .no_value(look.SILENT),
                panels.number(
                    105,
                    "Oldest unknown",
                    orders.OLDEST_UNKNOWN,
                    "Good: none. After half a minute look whether the venue is reachable; after minutes ask it by "
                    "hand.",
                )
                .unit(look.SECONDS)
                .decimals(0)
                .thresholds(look.thresholds(look.UNKNOWN_AGE))
                .no_value("none"),
                panels.number(
                    106,
                    "Order budget used",
                    orders.ORDER_RATE_USED,
                    "Orders of the last minute as a share of max_orders_per_minute. At 100 % further ones are "
                    "denied.",
                )
                .unit(look.SHARE)
                .decimals(0)
                .thresholds(look.thresholds(look.UTILISATION))
                .no_value(look.SILENT),
                panels.bars(
                    107,
                    "Orders by outcome, a minute",
                    (orders.OUTCOMES,),
                    "Green is filled. Denied ones never left the bot (see Risk), rejected ones the venue did not "
                    "take, unknown ones got no answer and end later.",
                )
                .unit(look.PER_MINUTE)
                .override_by_name("filled", panels.coloured(look.GOOD))
                .override_by_name("cancelled", panels.coloured(look.NEUTRAL))
                .override_by_name("rejected", panels.coloured(look.BAD))
                .override_by_name("denied", panels.coloured(look.CAREFUL))
                .override_by_name("unknown", panels.coloured(look.UNKNOWN))
                .no_value("no order in this time")
                .data_links([panels.link("Risk and reconciliation", address("risk"))]),
                panels.lines(
                    108,
                    "Unknown outcomes by symbol",
                    (orders.UNKNOWN_BY_SYMBOL,),
                    "Good: flat at 0. While a symbol is above it, nothing new is sent there.",
                )
                .decimals(0)
                .axis_soft_max(1)
                .no_value(look.SILENT),
            ),
        ),
        Row(
            200,
            "Latency",
            (
                panels.heat(
                    201,
                    "Order to acknowledgement",
                    orders.ACK_HEAT,
                    "How long the venue took to take an order. Good: one narrow band. Diamonds are single orders: "
                    "they open the trace.",
                ).no_value("no order in this time"),
                panels.heat(
                    202,
                    "Acknowledgement to first fill",
                    orders.FILL_HEAT,
                    "How long until the first fill. Market orders: milliseconds; limit orders wait for their price.",
                ).no_value("no fill in this time"),
                panels.lines(
                    203,
                    "Order to acknowledgement, median and tail",
                    (orders.ACK_MEDIAN, orders.ACK_SLOW),
                    "Half of the orders are faster than the median. A growing tail with a quiet median: single "
                    "requests are lost and repeated; open a diamond's trace.",
                )
                .unit(look.SECONDS)
                .interval(look.SPARSE)
                .show_points(look.ALWAYS)
                .no_value("no order in this time"),
                panels.lines(
                    204,
                    "Acknowledgement to first fill, median and tail",
                    (orders.FILL_MEDIAN, orders.FILL_SLOW),
                    "Half of the orders fill faster than the median.",
                )
                .unit(look.SECONDS)
                .interval(look.SPARSE)
                .show_points(look.ALWAYS)
                .no_value("no fill in this time"),
            ),
        ),
        Row(
            300,
            "The way to the venue",
            (
                panels.bars(
                    301,
                    "Requests, a minute",
                    (orders.REQUESTS,),
                    "What the bot asks of the venue. Many `order` and `open_orders`: it chases unknown outcomes.",
                )
                .unit(look.PER_MINUTE)
                .span(8)
                .no_value("no request in this time"),
                panels.lines(
                    302,
                    "Clock offset",
                    (orders.CLOCK_OFFSET,),
                    "The venue's clock minus ours. Good: some milliseconds. Beyond 1 s (max_clock_offset_ms) the bot "
                    "only closes positions: set this machine's clock (NTP).",
                )
                .unit(look.SECONDS)
                .span(5)
                .no_value(look.SILENT),
                panels.gauges(
                    303,
                    "Reconnects in this time",
                    orders.RECONNECTS,
                    "Streams that were lost and flow again. Good: 0. Again and again: the network, or the venue.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .span(5)
                .no_value("nothing is scraped"),
                panels.gauges(
                    304,
                    "Latencies not measured",
                    orders.INTERRUPTED,
                    "Durations that a restart or a doubt interrupted in this time; they are missing above.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .override_by_name("ack", panels.column(("displayName", "acknowledgement")))
                .override_by_name("fill", panels.column(("displayName", "first fill")))
                .span(6)
                .no_value("nothing is scraped"),
                panels.lines(
                    305,
                    "Rate limit used",
                    (orders.RATE_LIMIT_USED,),
                    "Of the venue's budget of requests, at its last answer. Good: below the dashed line at 80 %; "
                    "above, the bot slows down what is not urgent, and a venue may ban it at 100 %.",
                )
                .unit(look.SHARE)
                .axis_soft_min(0)
                .axis_soft_max(1)
                .thresholds(look.thresholds(look.RATE_LIMIT))
                .thresholds_style(panels.limit_area())
                .no_value("the venue does not say"),
                panels.bars(
                    306,
                    "Asked again, a minute",
                    (orders.RETRIES,),
                    "Readings that the venue failed to answer and that were repeated; orders never are. Good: 0. "
                    "Many: the venue or the line is bad, and the budget of requests goes there.",
                )
                .unit(look.PER_MINUTE)
                .axis_soft_max(1)
                .no_value("nothing is scraped"),
            ),
        ),
    ),
)
