"""Is it within its limits, and do its books agree with the venue's."""

from __future__ import annotations

from typing import Final

from dashboards import look, panels
from dashboards.board import Board, Row, address
from dashboards.boards import words
from dashboards.queries import health, risk

BOARD: Final = Board(
    name="risk",
    title="Tickertape / Risk and reconciliation",
    description="Limits, breakers and the kill switch; and whether the books agree with the venue's.",
    rows=(
        Row(
            100,
            "Limits",
            (
                panels.gauges(
                    101,
                    "Limits used",
                    risk.UTILISATION,
                    "Share of each limit now. From 70 % on look at it, from 95 % on act; at 100 % orders are denied, "
                    "and loss and drawdown open their breaker. An order that closes a position may go beyond. Blue: "
                    "the largest single order of the last minute, which is as large as the settings want it.",
                )
                .unit(look.SHARE)
                .max(1)
                .decimals(0)
                .thresholds(look.thresholds(look.UTILISATION))
                .override_by_name("max_order_notional", panels.coloured(look.NEUTRAL))
                .height(10)
                .no_value(look.SILENT),
                panels.lines(
                    102,
                    "Limits used over time",
                    (risk.UTILISATION,),
                    "The same, as it came about. max_order_notional shows the largest order of the last minute.",
                )
                .unit(look.SHARE)
                .min(0)
                .axis_soft_max(1)
                .thresholds(look.thresholds(look.UTILISATION))
                .thresholds_style(panels.limit_area())
                .span(16)
                .height(10)
                .no_value(look.SILENT),
                panels.rows(
                    103,
                    "Limits in force",
                    {"In force": risk.LIMITS},
                    "As the settings have them: money in the account currency, drawdown as a share, price collar in "
                    "basis points.",
                )
                .override_by_name("limit", panels.column(("displayName", "Limit")))
                .override_by_name("bot", panels.column(("displayName", "Bot")))
                .span(10)
                .height(9)
                .no_value(look.SILENT),
                panels.bars(
                    104,
                    "Orders denied, a minute",
                    (risk.DENIALS,),
                    "By the limit, or the reason where it is none. Some are the limits' work; many are a strategy "
                    "that wants too much.",
                )
                .unit(look.PER_MINUTE)
                .span(7)
                .height(9)
                .no_value("none in this time"),
                panels.gauges(
                    105,
                    "Orders denied in this time",
                    risk.DENIALS_SHOWN,
                    "Empty is good. `mode`: the bot takes no new risk now; `symbol_blocked`: that symbol does not.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .span(7)
                .height(9)
                .no_value("none in this time"),
            ),
        ),
        Row(
            200,
            "Switches",
            (
                panels.number(
                    201,
                    "Kill switch",
                    risk.KILL_SWITCH,
                    "off is good. ENGAGED: somebody, or an error, halted the bot. `tickertape resume --confirm` "
                    "lifts it, when the reason is gone.",
                )
                .mappings([words.SWITCH])
                .color_mode(look.BACKGROUND)
                .no_value(look.SILENT),
                panels.number(
                    202,
                    "Breakers",
                    risk.BREAKERS,
                    "closed is good. OPEN: losses or a guard reached a limit, and the bot only closes positions. "
                    "Guards has what each counts and when it closes again.",
                )
                .mappings([words.BREAKER])
                .color_mode(look.BACKGROUND)
                .span(20)
                .no_value(look.SILENT)
                .data_links([panels.link("Guards", address("guards"))]),
                panels.number(
                    203,
                    "Breaker openings in this time",
                    risk.BREAKER_OPENINGS,
                    "Good: 0. How often each breaker opened.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.NONE_IS_GOOD))
                .span(20)
                .no_value("nothing is scraped"),
                panels.number(
                    204,
                    "Anchors restored",
                    risk.ANCHORS_AGE,
                    "How long ago the day's start and the peak were taken from the journal after a start. Should be "
                    "as old as the run; without them the bot is reduce only.",
                )
                .unit(look.DURATION)
                .no_value("nothing to restore on a first start"),
                panels.states(
                    205,
                    "Mode",
                    health.MODE,
                    "Green trades. Yellow closes only, orange is paused, red is halted. Every change is an event "
                    "with its reason: `tickertape status`.",
                )
                .mappings([words.MODE])
                .height(6)
                .no_value(look.SILENT),
                panels.states(
                    206,
                    "Blocked for new risk",
                    health.BLOCKED_OVER_TIME,
                    "Green is free. Orange: the symbol took no new risk: stale feed, unknown order, or a difference.",
                )
                .mappings([words.BLOCKED])
                .height(6)
                .no_value(look.SILENT)
                .data_links([panels.link("Market data", address("market-data"))]),
            ),
        ),
        Row(
            300,
            "Reconciliation",
            (
                panels.number(
                    301,
                    "Differences now",
                    risk.MISMATCHES,
                    "Good: 0 each. Orders, fills, balances or positions that differ between books and venue; trading "
                    "there is blocked until somebody decides.",
                )
                .thresholds(look.thresholds(look.NONE_IS_GOOD))
                .span(8)
                .no_value(look.SILENT),
                panels.number(
                    302,
                    "Last full comparison",
                    risk.RECONCILED_AGE,
                    "Good: below half a minute (reconcile_seconds). Older: the venue does not answer.",
                )
                .unit(look.SECONDS)
                .decimals(0)
                .thresholds(look.thresholds(look.RECONCILED))
                .no_value("not yet"),
                panels.number(
                    303,
                    "It took",
                    risk.RECONCILIATION_DURATION,
                    "How long the last comparison took. Seconds: the venue is slow, or there is much to fetch.",
                )
                .unit(look.SECONDS)
                .no_value(look.SILENT),
                panels.number(
                    304,
                    "Fills learned this way, in this time",
                    risk.FILLS_LEARNED,
                    "Fills that were first heard of by comparing. Good: 0; otherwise reports were lost, and nothing "
                    "else was.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .span(8)
                .no_value("nothing is scraped"),
                panels.lines(
                    305,
                    "Differences over time",
                    (risk.MISMATCHES,),
                    "Good: flat at 0. A short peak that goes by itself: a report was late.",
                )
                .decimals(0)
                .axis_soft_max(1)
                .span(8)
                .no_value(look.SILENT),
                panels.bars(
                    306,
                    "Comparisons, a minute",
                    (risk.RECONCILIATIONS,),
                    "periodic: two a minute by default; doubt: after an order without an answer.",
                )
                .unit(look.PER_MINUTE)
                .span(8)
                .no_value("none in this time"),
                panels.gauges(
                    307,
                    "Differences found in this time",
                    risk.MISMATCHES_FOUND,
                    "By what differed. Good: 0. Not those of now: those that were found.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .no_value("nothing is scraped"),
                panels.rows(
                    308,
                    "By how much they differ now",
                    {"Difference": risk.MISMATCH_QUANTITIES},
                    "Empty is good. In units of the base asset, or of the account currency where it is cash. To "
                    "settle one a person names the venue's value: `tickertape control adopt-mismatch`.",
                )
                .override_by_name("Difference", panels.column(("decimals", 6)))
                .override_by_name("subject", panels.column(("displayName", "What")))
                .override_by_name("symbol", panels.column(("displayName", "Symbol or asset")))
                .override_by_name("bot", panels.column(("displayName", "Bot")))
                .span(24)
                .height(5)
                .no_value("nothing differs"),
            ),
        ),
    ),
)
