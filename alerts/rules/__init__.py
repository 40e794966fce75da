"""The alerts, a file a component."""

from __future__ import annotations

from itertools import chain
from typing import Final

from alerts.rule import Alert
from alerts.rules import (
    alerting,
    api,
    bot,
    errors,
    exporter,
    feed,
    journal,
    orders,
    reconciliation,
    risk,
    settings,
    telemetry,
    venue,
    workflows,
)

ALERTS: Final[tuple[Alert, ...]] = tuple(
    chain.from_iterable(
        component.ALERTS
        for component in (
            bot,
            feed,
            venue,
            orders,
            risk,
            reconciliation,
            settings,
            journal,
            exporter,
            telemetry,
            errors,
            api,
            workflows,
            alerting,
        )
    )
)
"""In the order of the documentation."""
