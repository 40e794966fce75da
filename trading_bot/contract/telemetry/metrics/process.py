"""The process: is it alive, and does it make progress."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType

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
