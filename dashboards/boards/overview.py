"""The first look: is the bot alive, safe, and making money."""

from __future__ import annotations

from typing import Final

from dashboards import look, panels
from dashboards.board import Board, Row, address, in_ops, ops_endpoint
from dashboards.boards import words
from dashboards.queries import account, alerts, errors, health, orders, risk

BOARD: Final = Board(
    name="overview",
    title="Tickertape / Overview",
    description="Is the bot alive, safe and making money? Green is good, red needs a person, purple is not known.",
    variables=(ops_endpoint(),),
    rows=(
        Row(
            100,
            "Alive",
            (
                panels.number(
                    101,
                    "Alive",
                    health.UP,
                    "ALIVE: the process runs, its loop comes round, its journal can be read. DOWN: see the reason "
                    "beside it; `tickertape status` says more, `tickertape up` or compose restarts it.",
                )
                .mappings([words.ALIVE])
                .color_mode(look.BACKGROUND)
                .no_value("nothing is scraped: is the exporter up?")
                .data_links([panels.link("Machinery", address("machinery"))]),
                panels.number(
                    102,
                    "Because",
                    health.REASON,
                    "The one reason why it is alive or down. Alive is good; Frozen: the loop hangs; Dead: the "
                    "process is gone; JournalUnwritable: the disk is full or broken, only cancels pass.",
                )
                .text_mode(look.NAME)
                .thresholds(look.thresholds(((None, look.BAD),)))
                .override_by_name("Alive", panels.coloured(look.GOOD))
                .override_by_name("Starting", panels.coloured(look.CAREFUL))
                .no_value("nothing is scraped"),
                panels.number(
                    103,
                    "Mode",
                    health.MODE,
                    "running trades; reduce only takes no new risk; paused and HALTED send nothing new. "
                    "A halt is lifted by `tickertape resume --confirm`, by a person only.",
                )
                .mappings([words.MODE])
                .color_mode(look.BACKGROUND)
                .no_value(look.SILENT)
                .data_links([panels.link("Risk and reconciliation", address("risk"))]),
                panels.number(
                    104,
                    "Last heartbeat",
                    health.HEARTBEAT_AGE,
                    "Good: about a second. Above 3 s the bot counts as silent: look at its log and at the processor.",
                )
                .unit(look.SECONDS)
                .decimals(1)
                .thresholds(look.thresholds(look.HEARTBEAT))
                .no_value("never heard"),
                panels.number(
                    105,
                    "Last decision",
                    health.DECISION_AGE,
                    "Since a closed bar was last put to the strategies. Good: about one bar. If it grows while the "
                    "heartbeat is young, no bars come: see Market data.",
                )
                .unit(look.SECONDS)
                .decimals(1)
                .no_value("none yet")
                .data_links([panels.link("Market data", address("market-data"))]),
                panels.number(
                    106,
                    "Running for",
                    health.UPTIME,
                    "Since the current or last run began. If it starts anew again and again, the bot crashes: see "
                    "Errors and the restart marks in the graphs.",
                )
                .unit(look.DURATION)
                .no_value("never started"),
                panels.states(
                    107,
                    "Conditions",
                    health.CONDITIONS,
                    "Health is made of these. All green is healthy; red says what is wrong, purple that nobody "
                    "knows. The bot's summary (`tickertape status`) has reason and message of each.",
                )
                .mappings([words.STATUS])
                .span(8)
                .height(9)
                .no_value("nothing is scraped"),
                panels.rows(
                    109,
                    "Firing alerts",
                    {"For": alerts.FIRING_FOR},
                    "Empty is good. critical: now; warning: by day. Click an alert for its runbook, which says what "
                    "to do and which workflow does it (the ops endpoint asks for a read key).",
                    first=("Time", "alertname", "severity", "Value", "component", "bot"),
                )
                .override_by_name(
                    "alertname",
                    panels.linked_column(
                        "Alert",
                        {
                            "Runbook": in_ops("runbooks/${__value.raw}"),
                            "Workflows": in_ops("workflows"),
                            "What happened": in_ops("incident"),
                        },
                        width=180,
                    ),
                )
                .override_by_name(
                    "severity",
                    [*panels.worded_column(words.SEVERITY, "Severity"), *panels.column(("custom.width", 80))],
                )
                .override_by_name("component", panels.column(("displayName", "Of"), ("custom.width", 110)))
                .override_by_name("bot", panels.column(("displayName", "Bot"), ("custom.width", 60)))
                .override_by_name(
                    "For", panels.column(("unit", look.DURATION), ("decimals", 0), ("custom.width", 100))
                )
                .span(9)
                .height(9)
                .no_value("none fires"),
                panels.gauges(
                    108,
                    "Limits used",
                    risk.UTILISATION,
                    "Share of each limit. From 70 % on look at it, from 95 % on act; at 100 % orders are denied, "
                    "and loss and drawdown open their breaker. An order that closes a position may go beyond. Blue: "
                    "the largest single order of the last minute, which is as large as the settings want it.",
                )
                .unit(look.SHARE)
                .max(1)
                .decimals(0)
                .thresholds(look.thresholds(look.UTILISATION))
                .override_by_name("max_order_notional", panels.coloured(look.NEUTRAL))
                .span(7)
                .height(9)
                .no_value(look.SILENT)
                .data_links([panels.link("Risk and reconciliation", address("risk"))]),
            ),
        ),
        Row(
            200,
            "Money",
            (
                panels.number(
                    201,
                    "Equity",
                    account.EQUITY,
                    "Cash plus all positions at the mark. What it is all about.",
                )
                .unit(look.MONEY)
                .decimals(2)
                .span(5)
                .no_value(look.SILENT)
                .data_links([panels.link("Trading", address("trading"))]),
                panels.number(
                    202,
                    "P&L today",
                    account.DAILY,
                    "Realized plus unrealized since the trading day's start (UTC unless set otherwise).",
                )
                .unit(look.MONEY)
                .decimals(2)
                .thresholds(look.thresholds(look.PROFIT))
                .span(5)
                .no_value(look.SILENT)
                .data_links([panels.link("Trading", address("trading"))]),
                panels.number(
                    203,
                    "Drawdown",
                    account.DRAWDOWN,
                    "Fall of equity from its peak. Its limit is max_drawdown: see Limits used for how near it is.",
                )
                .unit(look.SHARE)
                .decimals(2)
                .span(5)
                .no_value(look.SILENT),
                panels.number(
                    204,
                    "Loss budget left today",
                    account.LOSS_BUDGET_LEFT,
                    "What is left of max_daily_loss. At 0 % the breaker opens and the bot only closes positions "
                    "until the next trading day.",
                )
                .unit(look.SHARE)
                .decimals(0)
                .thresholds(look.thresholds(look.BUDGET_LEFT))
                .span(5)
                .no_value(look.SILENT),
                panels.number(
                    206,
                    "Fills in this time",
                    orders.FILLS_SHOWN,
                    "Executions in the time range shown. None on a trading day: see Signals against orders in "
                    "Trading.",
                )
                .decimals(0)
                .no_value("no fill yet")
                .data_links([panels.link("Execution", address("execution"))]),
                panels.lines(
                    207,
                    "Equity",
                    (account.EQUITY_AND_START,),
                    "Equity against that of the day's start: above the dashed line the day is in profit.",
                )
                .unit(look.MONEY)
                .override_by_regexp("day's start.*", panels.dashed(look.QUIET))
                .span(10)
                .no_value(look.SILENT),
                panels.rows(
                    208,
                    "Positions",
                    {
                        "Quantity": account.QUANTITY,
                        "Value": account.NOTIONAL,
                        "Unrealized": account.POSITION_UNREALIZED,
                    },
                    "What is held now. Several losing rows at once: look at the drawdown; a row that you do not "
                    "expect: look at the mismatches in Risk and reconciliation.",
                )
                .override_by_name("Quantity", panels.column(("decimals", 4)))
                .override_by_name("Value", panels.column(("unit", look.MONEY), ("decimals", 2)))
                .override_by_name("Unrealized", panels.profit_column())
                .override_by_name("bot", panels.column(("displayName", "Bot")))
                .override_by_name("symbol", panels.column(("displayName", "Symbol")))
                .span(14)
                .no_value("no position"),
            ),
        ),
        Row(
            300,
            "Trouble",
            (
                panels.number(
                    306,
                    "Orders at the venue",
                    orders.OPEN_AND_UNKNOWN,
                    "Working: neither over nor unknown; market orders are that for moments only. Of unknown outcome: "
                    "good is 0. Such an order blocks its symbol until the venue has answered for it; the bot asks by "
                    "itself. Minutes long: look at the venue's own page.",
                )
                .decimals(0)
                .display_name("${__field.labels.what}")
                .override_by_name("working", panels.coloured(look.NEUTRAL))
                .thresholds(look.thresholds(look.NONE_IS_GOOD))
                .span(10)
                .no_value(look.SILENT)
                .data_links([panels.link("Execution", address("execution"))]),
                panels.number(
                    302,
                    "Differences to the venue",
                    risk.MISMATCHES_ALL,
                    "Good: 0. Books and venue differ in orders, fills, balances or positions; trading there is "
                    "blocked. `tickertape status` shows both values.",
                )
                .thresholds(look.thresholds(look.NONE_IS_GOOD))
                .span(5)
                .no_value(look.SILENT)
                .data_links([panels.link("Risk and reconciliation", address("risk"))]),
                panels.named_states(
                    304,
                    "Blocked symbols",
                    health.BLOCKED,
                    "Which symbols take no new risk, and why. None is good. StaleFeed: see Market data; "
                    "UnknownOrder: see Execution; Mismatch: see Risk and reconciliation.",
                )
                .mappings([words.BLOCKED])
                .thresholds(look.thresholds(look.SOME_IS_TROUBLE))
                .span(9)
                .no_value("none")
                .data_links([panels.link("Market data", address("market-data"))]),
                panels.gauges(
                    305,
                    "Errors in this time",
                    errors.BY_CODE,
                    "By code, the most frequent first. Empty is good. Follow a bar to its records, with cause, impact "
                    "and what to do.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_TROUBLE))
                .span(24)
                .height(8)
                .no_value("no error in this time")
                .data_links([panels.link("Errors", address("errors"))]),
            ),
        ),
    ),
)
