"""What Prometheus and Alertmanager say of themselves, as far as rules use it; a test finds it on their pages."""

from __future__ import annotations

from typing import Final

from alerts.promql import Foreign
from trading_bot.contract.telemetry.definition import Label, MetricType

EXPORTER_JOB: Final = "tickertape"
OPS_JOB: Final = "tickertape-ops"
INSTANCE: Final = Label("instance", "host and port of what is scraped")
JOB: Final = Label("job", "the scrape's job", (EXPORTER_JOB, OPS_JOB, "prometheus", "alertmanager"))

SCRAPED: Final = Foreign(name="up", type=MetricType.GAUGE, labels=(JOB, INSTANCE))
NOT_NOTIFIED: Final = Foreign(
    name="prometheus_notifications_errors_total",
    type=MetricType.COUNTER,
    labels=(JOB, INSTANCE, Label("alertmanager", "its address")),
)
NOT_QUEUED: Final = Foreign(
    name="prometheus_notifications_dropped_total", type=MetricType.COUNTER, labels=(JOB, INSTANCE)
)
NOT_EVALUATED: Final = Foreign(
    name="prometheus_rule_evaluation_failures_total",
    type=MetricType.COUNTER,
    labels=(JOB, INSTANCE, Label("rule_group", "file and group")),
)
NOT_DELIVERED: Final = Foreign(
    name="alertmanager_notifications_failed_total",
    type=MetricType.COUNTER,
    labels=(JOB, INSTANCE, Label("integration", "mail, webhook …"), Label("reason", "why it failed")),
)
FIRING: Final = Foreign(
    name="ALERTS",
    type=MetricType.GAUGE,
    labels=(
        Label("alertname", "name of the alert"),
        Label("alertstate", "whether its time has passed", ("pending", "firing")),
        Label("severity", "how loud it is", ("critical", "warning", "none")),
        Label("component", "whose it is"),
        Label("bot", "the bot that it is about"),
        Label("symbol", "the symbol that it is about, where it is about one"),
    ),
)
"""What fires, of alerts about a bot."""
FOREIGN: Final = {
    each.name: each for each in (SCRAPED, NOT_NOTIFIED, NOT_QUEUED, NOT_EVALUATED, NOT_DELIVERED, FIRING)
}
