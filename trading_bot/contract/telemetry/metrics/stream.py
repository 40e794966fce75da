"""The stream, on ops' own page."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType, Page

STREAM_CONNECTIONS: Final = Metric(
    name="tradingbot_stream_connections",
    type=MetricType.GAUGE,
    unit="connections",
    meaning="Open connections of the stream.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
)
STREAM_CLIENTS: Final = Metric(
    name="tradingbot_stream_clients",
    type=MetricType.GAUGE,
    unit="clients",
    meaning="Clients that are subscribed to a channel.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
    labels=(labels.STREAM_CHANNEL,),
)
STREAM_MESSAGES: Final = Metric(
    name="tradingbot_stream_messages_total",
    type=MetricType.COUNTER,
    unit="messages",
    meaning="Messages for clients, counted once a client.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
    labels=(labels.STREAM_CHANNEL,),
)
STREAM_DROPPED: Final = Metric(
    name="tradingbot_stream_dropped_total",
    type=MetricType.COUNTER,
    unit="messages",
    meaning="Messages that a slow client did not get: replaced by a newer one, or too many waited.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
    labels=(labels.STREAM_CHANNEL,),
)
STREAM_CLOSED: Final = Metric(
    name="tradingbot_stream_closed_total",
    type=MetricType.COUNTER,
    unit="connections",
    meaning="Connections that ended, by why.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
    labels=(labels.STREAM_CLOSED_REASON,),
)
