"""The ops endpoint's own page: requests, refusals, sign-ins, and the process itself."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType, Page
from trading_bot.contract.telemetry.metrics.bounds import LATENCY_BOUNDS

API_START: Final = Metric(
    name="tradingbot_api_start_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the ops process started.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
)
API_REQUESTS: Final = Metric(
    name="tradingbot_api_requests_total",
    type=MetricType.COUNTER,
    unit="requests",
    meaning="Requests that were answered.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
    labels=(labels.ENDPOINT, labels.METHOD, labels.HTTP_STATUS),
)
API_DURATION: Final = Metric(
    name="tradingbot_api_request_duration_seconds",
    type=MetricType.HISTOGRAM,
    unit="seconds",
    meaning="From a request's arrival at the application to its answer.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
    labels=(labels.ENDPOINT,),
    bounds=LATENCY_BOUNDS,
)
API_REFUSALS: Final = Metric(
    name="tradingbot_api_refusals_total",
    type=MetricType.COUNTER,
    unit="requests",
    meaning="Requests that were answered with an error.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
    labels=(labels.CODE,),
)
API_SIGN_INS: Final = Metric(
    name="tradingbot_api_sign_ins_total",
    type=MetricType.COUNTER,
    unit="sign-ins",
    meaning="Passwords that were checked.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
    labels=(labels.SIGN_IN,),
)
API_SIGN_INS_WAITING: Final = Metric(
    name="tradingbot_api_sign_ins_waiting",
    type=MetricType.GAUGE,
    unit="sign-ins",
    meaning="Passwords that wait to be checked.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
)
API_SESSIONS: Final = Metric(
    name="tradingbot_api_sessions",
    type=MetricType.GAUGE,
    unit="sessions",
    meaning="Sign-ins that are neither revoked nor over.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
)
API_FOLLOW_LAG: Final = Metric(
    name="tradingbot_api_follow_lag_events",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Committed events of the journal that the ops process has not read yet.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
)
API_TAPE_POSITION: Final = Metric(
    name="tradingbot_api_tape_position",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Sequence number of the last event that was appended to the control tape.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
)
API_TAPE_QUEUE: Final = Metric(
    name="tradingbot_api_tape_queue_events",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Events that wait to be committed to the control tape.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
)
API_CPU: Final = Metric(
    name="tradingbot_api_cpu_seconds_total",
    type=MetricType.COUNTER,
    unit="seconds",
    meaning="Processor time used by the ops process.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
)
API_MEMORY: Final = Metric(
    name="tradingbot_api_resident_memory_bytes",
    type=MetricType.GAUGE,
    unit="bytes",
    meaning="Memory that the ops process occupies.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
)
