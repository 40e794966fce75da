"""Every metric family of the exporter and of ops, once; a file a subject.

The fold counts under these names, the exporter renders them, documentation, boards and rules are
generated from them or tested against them.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

from trading_bot.contract.telemetry.definition import Metric, Page
from trading_bot.contract.telemetry.metrics import (
    account,
    api,
    control,
    errors,
    exporter,
    health,
    journal,
    market,
    orders,
    process,
    reconciliation,
    risk,
    stream,
    telemetry,
    workflows,
)
from trading_bot.contract.telemetry.metrics.account import *
from trading_bot.contract.telemetry.metrics.api import *
from trading_bot.contract.telemetry.metrics.control import *
from trading_bot.contract.telemetry.metrics.errors import *
from trading_bot.contract.telemetry.metrics.exporter import *
from trading_bot.contract.telemetry.metrics.health import *
from trading_bot.contract.telemetry.metrics.journal import *
from trading_bot.contract.telemetry.metrics.market import *
from trading_bot.contract.telemetry.metrics.orders import *
from trading_bot.contract.telemetry.metrics.process import *
from trading_bot.contract.telemetry.metrics.reconciliation import *
from trading_bot.contract.telemetry.metrics.risk import *
from trading_bot.contract.telemetry.metrics.stream import *
from trading_bot.contract.telemetry.metrics.telemetry import *
from trading_bot.contract.telemetry.metrics.workflows import *

SUBJECTS: Final[tuple[ModuleType, ...]] = (
    process,
    health,
    market,
    orders,
    account,
    risk,
    reconciliation,
    errors,
    journal,
    control,
    exporter,
    telemetry,
    api,
    stream,
    workflows,
)
"""In the order of the reference page."""

METRICS: Final[dict[str, Metric]] = {
    metric.name: metric
    for subject in SUBJECTS
    for metric in vars(subject).values()
    if isinstance(metric, Metric)
}
"""Name to metric, in the order of declaration."""


def on_page(page: Page) -> list[Metric]:
    """Return the families that one process serves, in the order of declaration."""
    return [metric for metric in METRICS.values() if metric.page is page]
