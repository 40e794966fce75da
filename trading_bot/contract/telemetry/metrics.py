"""Every metric family of the exporter, once.

The fold counts under these names, the exporter renders them, documentation, boards and rules are
generated from them or tested against them.
"""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType

LATENCY_BOUNDS: Final = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)
CYCLE_BOUNDS: Final = (
    0.00001,
    0.000025,
    0.00005,
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    1.0,
)
BPS_BOUNDS: Final = (-50.0, -20.0, -10.0, -5.0, -2.0, -1.0, 0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)

# The process: is it alive, and does it make progress
UP: Final = Metric(
    name="tradingbot_up",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while the bot's process is alive and not frozen and its journal can be read, else 0.",
    kept=Kept.ALWAYS,
)
UP_REASON: Final = Metric(
    name="tradingbot_up_reason",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 for the one reason why tradingbot_up is what it is.",
    kept=Kept.ALWAYS,
    labels=(labels.UP_REASON,),
)
BUILD_INFO: Final = Metric(
    name="tradingbot_build_info",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="Always 1; which bot this is, in its labels.",
    kept=Kept.ALWAYS,
    labels=(
        labels.VERSION,
        labels.PYTHON,
        labels.VENUE,
        labels.SUPERVISOR,
    ),
)
START_TIME: Final = Metric(
    name="tradingbot_start_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the bot's current or last run began.",
    kept=Kept.ALWAYS,
)
RUNS: Final = Metric(
    name="tradingbot_runs_total",
    type=MetricType.COUNTER,
    unit="runs",
    meaning="Runs of the bot on this journal.",
    kept=Kept.ALWAYS,
)
UNCLEAN_STOPS: Final = Metric(
    name="tradingbot_unclean_stops_total",
    type=MetricType.COUNTER,
    unit="runs",
    meaning="Runs that ended without saying so: killed or crashed.",
    kept=Kept.ALWAYS,
)
HEARTBEAT: Final = Metric(
    name="tradingbot_heartbeat_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the bot's loop last came round.",
    kept=Kept.ALWAYS,
)
LAST_DECISION: Final = Metric(
    name="tradingbot_last_decision_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When a bar last closed and strategies were asked.",
    kept=Kept.ALWAYS,
)
LAST_ORDER: Final = Metric(
    name="tradingbot_last_order_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When an order was last sent.",
    kept=Kept.ALWAYS,
)
LAST_FILL: Final = Metric(
    name="tradingbot_last_fill_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When an order was last filled, wholly or in part.",
    kept=Kept.ALWAYS,
)
CPU: Final = Metric(
    name="tradingbot_process_cpu_seconds_total",
    type=MetricType.COUNTER,
    unit="seconds",
    meaning="Processor time used by the bot's process since its start.",
    kept=Kept.ALWAYS,
)
MEMORY: Final = Metric(
    name="tradingbot_process_resident_memory_bytes",
    type=MetricType.GAUGE,
    unit="bytes",
    meaning="Memory that the bot's process occupies.",
    kept=Kept.WHILE_ALIVE,
)
OPEN_FILES: Final = Metric(
    name="tradingbot_process_open_files",
    type=MetricType.GAUGE,
    unit="files",
    meaning="File descriptors that the bot's process holds.",
    kept=Kept.WHILE_ALIVE,
)
THREADS: Final = Metric(
    name="tradingbot_process_threads",
    type=MetricType.GAUGE,
    unit="threads",
    meaning="Threads of the bot's process.",
    kept=Kept.WHILE_ALIVE,
)
LOOP_LAG: Final = Metric(
    name="tradingbot_loop_lag_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="Largest lateness of the heartbeat in the last sample.",
    kept=Kept.WHILE_ALIVE,
)

# Health: mode, conditions, settings
MODE: Final = Metric(
    name="tradingbot_mode",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 for the mode that the bot is in, 0 for the others.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.MODE,),
)
MODE_CHANGES: Final = Metric(
    name="tradingbot_mode_changes_total",
    type=MetricType.COUNTER,
    unit="changes",
    meaning="Changes into a mode.",
    kept=Kept.ALWAYS,
    labels=(labels.MODE,),
)
CONDITION: Final = Metric(
    name="tradingbot_condition",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 for the status that a condition has, 0 for the others; Unknown when the bot is silent.",
    kept=Kept.ALWAYS,
    labels=(
        labels.CONDITION,
        labels.STATUS,
    ),
)
CONDITION_SINCE: Final = Metric(
    name="tradingbot_condition_transition_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When a condition last changed its status.",
    kept=Kept.ALWAYS,
    labels=(labels.CONDITION,),
)
SETTINGS_GENERATION: Final = Metric(
    name="tradingbot_settings_generation",
    type=MetricType.GAUGE,
    unit="generations",
    meaning="Generation of the settings in force.",
    kept=Kept.WHILE_ALIVE,
)
SETTINGS_APPLIED: Final = Metric(
    name="tradingbot_settings_applied_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the settings in force were applied.",
    kept=Kept.ALWAYS,
)

# Market data
QUOTE_TIME: Final = Metric(
    name="tradingbot_market_quote_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the last quote was received.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
QUOTE_AGE: Final = Metric(
    name="tradingbot_market_quote_age_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="Age of the last quote at the scrape.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
MESSAGES: Final = Metric(
    name="tradingbot_market_messages_total",
    type=MetricType.COUNTER,
    unit="messages",
    meaning="Market data messages received.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
BAD_MESSAGES: Final = Metric(
    name="tradingbot_market_refused_messages_total",
    type=MetricType.COUNTER,
    unit="messages",
    meaning="Market data messages refused at the edge: not a number, not positive, crossed.",
    kept=Kept.ALWAYS,
)
BARS: Final = Metric(
    name="tradingbot_market_bars_total",
    type=MetricType.COUNTER,
    unit="bars",
    meaning="Closed bars received.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
BARS_SKIPPED: Final = Metric(
    name="tradingbot_market_skipped_bars_total",
    type=MetricType.COUNTER,
    unit="bars",
    meaning="Bars that never came.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
BAR_TIME: Final = Metric(
    name="tradingbot_market_bar_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="End of the last closed bar.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
BAR_DELAY: Final = Metric(
    name="tradingbot_market_bar_delay_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="From the end of the last closed bar to its record.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
MARK_PRICE: Final = Metric(
    name="tradingbot_market_mark_price",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Middle of bid and ask.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
SPREAD: Final = Metric(
    name="tradingbot_market_spread_bps",
    type=MetricType.GAUGE,
    unit="basis points",
    meaning="Ask minus bid, as a part of the middle.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
SESSION_OPEN: Final = Metric(
    name="tradingbot_market_session_open",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while the symbol's trading session is open.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
BLOCKED: Final = Metric(
    name="tradingbot_symbol_blocked",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while a symbol takes no new risk for this reason.",
    kept=Kept.WHILE_ALIVE,
    labels=(
        labels.SYMBOL,
        labels.BLOCK_REASON,
    ),
)
RECONNECTS: Final = Metric(
    name="tradingbot_feed_reconnects_total",
    type=MetricType.COUNTER,
    unit="reconnects",
    meaning="Streams that were lost and flow again.",
    kept=Kept.ALWAYS,
    labels=(labels.STREAM,),
)

# Decisions and orders
DECISIONS: Final = Metric(
    name="tradingbot_decisions_total",
    type=MetricType.COUNTER,
    unit="decisions",
    meaning="Decision cycles: a closed bar on which a strategy was asked.",
    kept=Kept.ALWAYS,
)
DECISION_DURATION: Final = Metric(
    name="tradingbot_decision_duration_seconds",
    type=MetricType.HISTOGRAM,
    unit="seconds",
    meaning="Duration of a decision cycle, from bar to orders handed over.",
    kept=Kept.ALWAYS,
    bounds=CYCLE_BOUNDS,
)
SIGNALS: Final = Metric(
    name="tradingbot_signals_total",
    type=MetricType.COUNTER,
    unit="signals",
    meaning="Signals raised by strategies.",
    kept=Kept.ALWAYS,
    labels=(
        labels.STRATEGY,
        labels.SYMBOL,
        labels.SIDE,
    ),
)
ORDERS_SENT: Final = Metric(
    name="tradingbot_orders_sent_total",
    type=MetricType.COUNTER,
    unit="orders",
    meaning="Orders handed to the venue.",
    kept=Kept.ALWAYS,
    labels=(
        labels.SYMBOL,
        labels.SIDE,
        labels.ORDER_TYPE,
    ),
)
ORDERS: Final = Metric(
    name="tradingbot_orders_total",
    type=MetricType.COUNTER,
    unit="orders",
    meaning="Orders by how they ended; an order that became unknown counts there and again at its end.",
    kept=Kept.ALWAYS,
    labels=(
        labels.SYMBOL,
        labels.SIDE,
        labels.ORDER_TYPE,
        labels.OUTCOME,
    ),
)
ORDERS_OPEN: Final = Metric(
    name="tradingbot_orders_open",
    type=MetricType.GAUGE,
    unit="orders",
    meaning="Orders that are neither over nor unknown.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
ORDERS_UNKNOWN: Final = Metric(
    name="tradingbot_orders_unknown",
    type=MetricType.GAUGE,
    unit="orders",
    meaning="Orders whose outcome is not known.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
OLDEST_UNKNOWN: Final = Metric(
    name="tradingbot_orders_oldest_unknown_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="Since when the oldest order with unknown outcome is unknown; absent when there is none.",
    kept=Kept.ALWAYS,
)
ORDER_ACK: Final = Metric(
    name="tradingbot_order_ack_duration_seconds",
    type=MetricType.HISTOGRAM,
    unit="seconds",
    meaning="From an order sent to its acknowledgement, answer or report, whichever came first.",
    kept=Kept.ALWAYS,
    labels=(labels.ORDER_TYPE,),
    bounds=LATENCY_BOUNDS,
)
ORDER_FILL: Final = Metric(
    name="tradingbot_order_fill_duration_seconds",
    type=MetricType.HISTOGRAM,
    unit="seconds",
    meaning="From an order's acknowledgement to its first fill.",
    kept=Kept.ALWAYS,
    labels=(labels.ORDER_TYPE,),
    bounds=LATENCY_BOUNDS,
)
LATENCY_INTERRUPTED: Final = Metric(
    name="tradingbot_order_durations_interrupted_total",
    type=MetricType.COUNTER,
    unit="durations",
    meaning="Durations that a restart or a doubt interrupted, so that they were not observed.",
    kept=Kept.ALWAYS,
    labels=(labels.STAGE,),
)
FILLS: Final = Metric(
    name="tradingbot_fills_total",
    type=MetricType.COUNTER,
    unit="fills",
    meaning="Executions.",
    kept=Kept.ALWAYS,
    labels=(
        labels.SYMBOL,
        labels.SIDE,
        labels.LIQUIDITY,
    ),
)
FILL_NOTIONAL: Final = Metric(
    name="tradingbot_fill_notional_total",
    type=MetricType.COUNTER,
    unit="account currency",
    meaning="Value of executions.",
    kept=Kept.ALWAYS,
    labels=(
        labels.SYMBOL,
        labels.SIDE,
    ),
)
SLIPPAGE: Final = Metric(
    name="tradingbot_order_slippage_bps",
    type=MetricType.HISTOGRAM,
    unit="basis points",
    meaning="Price of a fill against the mark when the order was decided on; positive costs. "
    "Without sum and count, since a part can be negative.",
    kept=Kept.ALWAYS,
    labels=(labels.SIDE,),
    bounds=BPS_BOUNDS,
)
FEES: Final = Metric(
    name="tradingbot_fees_total",
    type=MetricType.COUNTER,
    unit="the asset",
    meaning="Commission paid, in the asset that it was taken from.",
    kept=Kept.ALWAYS,
    labels=(labels.ASSET,),
)
VENUE_REQUESTS: Final = Metric(
    name="tradingbot_venue_requests_total",
    type=MetricType.COUNTER,
    unit="requests",
    meaning="Requests to the venue.",
    kept=Kept.ALWAYS,
    labels=(labels.OPERATION,),
)
RATE_LIMIT_USED: Final = Metric(
    name="tradingbot_venue_rate_limit_used_ratio",
    type=MetricType.GAUGE,
    unit="ratio",
    meaning="Used share of the venue's rate limit at its last answer; absent where the venue does not say.",
    kept=Kept.WHILE_ALIVE,
)
CLOCK_OFFSET: Final = Metric(
    name="tradingbot_clock_offset_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="The venue's clock minus this machine's.",
    kept=Kept.WHILE_ALIVE,
)

# The account
EQUITY: Final = Metric(
    name="tradingbot_account_equity_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Cash plus the value of all positions.",
    kept=Kept.WHILE_ALIVE,
)
CASH: Final = Metric(
    name="tradingbot_account_cash_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Cash.",
    kept=Kept.WHILE_ALIVE,
)
BALANCE: Final = Metric(
    name="tradingbot_account_balance",
    type=MetricType.GAUGE,
    unit="the asset",
    meaning="Amount of an asset, what working orders hold included.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.ASSET,),
)
REALIZED: Final = Metric(
    name="tradingbot_account_realized_pnl_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Realized profit and loss since the journal began, after fees.",
    kept=Kept.WHILE_ALIVE,
)
UNREALIZED: Final = Metric(
    name="tradingbot_account_unrealized_pnl_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Profit and loss of the open positions at the mark.",
    kept=Kept.WHILE_ALIVE,
)
DAILY_PNL: Final = Metric(
    name="tradingbot_account_daily_pnl_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Realized plus unrealized since the trading day's start.",
    kept=Kept.WHILE_ALIVE,
)
DAY_START_EQUITY: Final = Metric(
    name="tradingbot_account_day_start_equity_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Equity at the trading day's start.",
    kept=Kept.WHILE_ALIVE,
)
PEAK_EQUITY: Final = Metric(
    name="tradingbot_account_peak_equity_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Highest equity since the journal began.",
    kept=Kept.WHILE_ALIVE,
)
DRAWDOWN: Final = Metric(
    name="tradingbot_account_drawdown_ratio",
    type=MetricType.GAUGE,
    unit="ratio",
    meaning="Fall of equity from its peak, as a part of the peak.",
    kept=Kept.WHILE_ALIVE,
)
MAX_DRAWDOWN: Final = Metric(
    name="tradingbot_account_max_drawdown_ratio",
    type=MetricType.GAUGE,
    unit="ratio",
    meaning="Largest drawdown since the journal began.",
    kept=Kept.WHILE_ALIVE,
)
EXPOSURE: Final = Metric(
    name="tradingbot_account_gross_exposure_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Sum of all positions' values.",
    kept=Kept.WHILE_ALIVE,
)
POSITION_QUANTITY: Final = Metric(
    name="tradingbot_position_quantity",
    type=MetricType.GAUGE,
    unit="the base asset",
    meaning="Quantity held.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
POSITION_ENTRY: Final = Metric(
    name="tradingbot_position_entry_price",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Average price of what is held; absent when nothing is, or when it is not known.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
POSITION_NOTIONAL: Final = Metric(
    name="tradingbot_position_notional_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Value of what is held, at the mark.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
POSITION_PNL: Final = Metric(
    name="tradingbot_position_unrealized_pnl_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Unrealized profit and loss of a position.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
POSITION_REALIZED: Final = Metric(
    name="tradingbot_position_realized_pnl_usd",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Realized profit and loss of a symbol since the journal began, after fees.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
TRADES: Final = Metric(
    name="tradingbot_trades_total",
    type=MetricType.COUNTER,
    unit="round trips",
    meaning="Positions closed, from flat to flat.",
    kept=Kept.ALWAYS,
    labels=(
        labels.SYMBOL,
        labels.RESULT,
    ),
)

# Risk
RISK_LIMIT: Final = Metric(
    name="tradingbot_risk_limit",
    type=MetricType.GAUGE,
    unit="the limit's own",
    meaning="Limits in force.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.LIMIT,),
)
RISK_UTILISATION: Final = Metric(
    name="tradingbot_risk_limit_utilisation_ratio",
    type=MetricType.GAUGE,
    unit="ratio",
    meaning="How much of a limit is used: of per-symbol limits the most used symbol, of per-order limits the "
    "largest order of the last 60 s; absent when it is not known.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.LIMIT,),
)
DENIALS: Final = Metric(
    name="tradingbot_risk_denials_total",
    type=MetricType.COUNTER,
    unit="orders",
    meaning="Orders refused before they were sent.",
    kept=Kept.ALWAYS,
    labels=(labels.DENIAL,),
)
BREAKER_OPEN: Final = Metric(
    name="tradingbot_breaker_open",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while a circuit breaker is open.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.BREAKER,),
)
BREAKER_OPENINGS: Final = Metric(
    name="tradingbot_breaker_openings_total",
    type=MetricType.COUNTER,
    unit="openings",
    meaning="Times that a circuit breaker opened.",
    kept=Kept.ALWAYS,
    labels=(labels.BREAKER,),
)
KILL_SWITCH: Final = Metric(
    name="tradingbot_kill_switch_engaged",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while the bot is halted by the kill switch.",
    kept=Kept.WHILE_ALIVE,
)
ANCHORS_RESTORED: Final = Metric(
    name="tradingbot_anchors_restored_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the limits' anchors were last restored from the journal after a restart.",
    kept=Kept.ALWAYS,
)

# Reconciliation
MISMATCHES: Final = Metric(
    name="tradingbot_reconciliation_mismatches",
    type=MetricType.GAUGE,
    unit="mismatches",
    meaning="Differences between books and venue that are open now.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SUBJECT,),
)
MISMATCHES_FOUND: Final = Metric(
    name="tradingbot_reconciliation_mismatches_found_total",
    type=MetricType.COUNTER,
    unit="mismatches",
    meaning="Differences found between books and venue.",
    kept=Kept.ALWAYS,
    labels=(labels.SUBJECT,),
)
RECONCILIATIONS: Final = Metric(
    name="tradingbot_reconciliations_total",
    type=MetricType.COUNTER,
    unit="reconciliations",
    meaning="Reconciliations that were completed.",
    kept=Kept.ALWAYS,
    labels=(labels.TRIGGER,),
)
RECONCILED: Final = Metric(
    name="tradingbot_reconciliation_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When books and venue were last compared in full.",
    kept=Kept.ALWAYS,
)
RECONCILIATION_DURATION: Final = Metric(
    name="tradingbot_reconciliation_duration_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="How long the last comparison took.",
    kept=Kept.WHILE_ALIVE,
)
FILLS_LEARNED: Final = Metric(
    name="tradingbot_reconciliation_fills_learned_total",
    type=MetricType.COUNTER,
    unit="fills",
    meaning="Fills that were first heard of by reconciliation.",
    kept=Kept.ALWAYS,
)

# Errors
ERRORS_TOTAL: Final = Metric(
    name="tradingbot_errors_total",
    type=MetricType.COUNTER,
    unit="errors",
    meaning="Semantic errors of the bot.",
    kept=Kept.ALWAYS,
    labels=(
        labels.CODE,
        labels.SEVERITY,
    ),
)
ERROR_TIME: Final = Metric(
    name="tradingbot_error_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When an error code last occurred.",
    kept=Kept.ALWAYS,
    labels=(labels.CODE,),
)

# The journal
JOURNAL_POSITION: Final = Metric(
    name="tradingbot_journal_position",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Sequence number of the last event that the exporter has read.",
    kept=Kept.ALWAYS,
)
JOURNAL_TIME: Final = Metric(
    name="tradingbot_journal_event_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the last event was appended.",
    kept=Kept.ALWAYS,
)
JOURNAL_EVENTS: Final = Metric(
    name="tradingbot_journal_events_total",
    type=MetricType.COUNTER,
    unit="events",
    meaning="Events appended.",
    kept=Kept.ALWAYS,
    labels=(labels.KIND,),
)
JOURNAL_SIZE: Final = Metric(
    name="tradingbot_journal_size_bytes",
    type=MetricType.GAUGE,
    unit="bytes",
    meaning="Size of the journal with its write-ahead log.",
    kept=Kept.ALWAYS,
)
JOURNAL_COMMIT: Final = Metric(
    name="tradingbot_journal_commit_duration_seconds",
    type=MetricType.HISTOGRAM,
    unit="seconds",
    meaning="Duration of a commit of the journal.",
    kept=Kept.ALWAYS,
    bounds=LATENCY_BOUNDS,
)
JOURNAL_QUEUE: Final = Metric(
    name="tradingbot_journal_queue_events",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Events appended and not yet committed at the last sample.",
    kept=Kept.WHILE_ALIVE,
)
JOURNAL_DROPPED: Final = Metric(
    name="tradingbot_journal_dropped_measurements_total",
    type=MetricType.COUNTER,
    unit="events",
    meaning="Measurements dropped because the journal could not be written for long.",
    kept=Kept.ALWAYS,
)
SNAPSHOT_TIME: Final = Metric(
    name="tradingbot_journal_snapshot_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the fold was last written down.",
    kept=Kept.ALWAYS,
)

# The control tape
CONTROL_POSITION: Final = Metric(
    name="tradingbot_control_position",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Sequence number of the last event of the control tape that the exporter has read.",
    kept=Kept.ALWAYS,
)
CONTROL_ERRORS: Final = Metric(
    name="tradingbot_control_errors_total",
    type=MetricType.COUNTER,
    unit="errors",
    meaning="Semantic errors of the ops endpoint.",
    kept=Kept.ALWAYS,
    labels=(
        labels.CODE,
        labels.SEVERITY,
    ),
)

# The exporter itself
EXPORTER_START: Final = Metric(
    name="tradingbot_exporter_start_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the exporter started.",
    kept=Kept.ALWAYS,
)
FOLLOW_LAG: Final = Metric(
    name="tradingbot_exporter_follow_lag_events",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Committed events of a tape that the exporter has not read yet.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE,),
)
REWINDS: Final = Metric(
    name="tradingbot_exporter_rewinds_total",
    type=MetricType.COUNTER,
    unit="rewinds",
    meaning="Times that the exporter went back to a snapshot because a tape was replaced or cut.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE,),
)
FOLD_DISAGREEMENTS: Final = Metric(
    name="tradingbot_exporter_fold_disagreements_total",
    type=MetricType.COUNTER,
    unit="snapshots",
    meaning="Snapshots of the bot that differ from the exporter's own fold.",
    kept=Kept.ALWAYS,
)
COLLECTOR_SUCCESS: Final = Metric(
    name="tradingbot_exporter_collector_success",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 if a part of this page could be rendered.",
    kept=Kept.ALWAYS,
    labels=(labels.COLLECTOR,),
)
COLLECTOR_DURATION: Final = Metric(
    name="tradingbot_exporter_collector_duration_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="How long a part of this page took to render.",
    kept=Kept.ALWAYS,
    labels=(labels.COLLECTOR,),
)
EXPORTER_ERRORS: Final = Metric(
    name="tradingbot_exporter_errors_total",
    type=MetricType.COUNTER,
    unit="errors",
    meaning="Semantic errors of the exporter.",
    kept=Kept.ALWAYS,
    labels=(labels.CODE,),
)
EXPORTER_CPU: Final = Metric(
    name="tradingbot_exporter_cpu_seconds_total",
    type=MetricType.COUNTER,
    unit="seconds",
    meaning="Processor time used by the exporter.",
    kept=Kept.ALWAYS,
)
EXPORTER_MEMORY: Final = Metric(
    name="tradingbot_exporter_resident_memory_bytes",
    type=MetricType.GAUGE,
    unit="bytes",
    meaning="Memory that the exporter occupies.",
    kept=Kept.ALWAYS,
)

# Shipping of spans and errors
TELEMETRY_SHIPPED: Final = Metric(
    name="tradingbot_telemetry_shipped_total",
    type=MetricType.COUNTER,
    unit="records",
    meaning="Spans and log records that a collector has taken.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE, labels.SIGNAL),
)
TELEMETRY_DROPPED: Final = Metric(
    name="tradingbot_telemetry_dropped_total",
    type=MetricType.COUNTER,
    unit="records",
    meaning="Records that were pruned from a tape before they were shipped, or that the collector refuses.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE, labels.SIGNAL),
)
TELEMETRY_FAILURES: Final = Metric(
    name="tradingbot_telemetry_export_failures_total",
    type=MetricType.COUNTER,
    unit="requests",
    meaning="Requests that a collector did not take; they are repeated.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE, labels.SIGNAL),
)
TELEMETRY_LAG: Final = Metric(
    name="tradingbot_telemetry_lag_events",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Events of a tape that the shipping has not passed yet.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE, labels.SIGNAL),
)
TELEMETRY_PASSED: Final = Metric(
    name="tradingbot_telemetry_shipped_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="Up to when everything on the tape is shipped.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE, labels.SIGNAL),
)

METRICS: Final[dict[str, Metric]] = {
    value.name: value for value in list(globals().values()) if isinstance(value, Metric)
}
"""Name to metric, in the order of declaration."""
