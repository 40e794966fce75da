"""Service levels: what is promised, and how fast the budget for missing it is used."""

from __future__ import annotations

from typing import Final

from alerts.promql import ALIVE, observed, rate, series, total
from alerts.recording.market import OPEN_AGES
from alerts.thresholds import FRESH_QUOTE, OBJECTIVES, PROMPT_ACK, PROMPT_DECISION
from trading_bot.contract.telemetry import labels, metrics, recordings
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.contract.telemetry.recordings import BURN, LEVELS, MISSED, WINDOWS, Recording

SECONDS: Final = {"1h": 3_600, "6h": 21_600}
FAILED: Final = tuple(status for status in labels.HTTP_STATUSES if status.startswith("5"))
OTHERS: Final = ("decisions", "order_acks", "feed")
"""Those whose numbers come from the bot: without it they stay what they were. The ops endpoint lives without it."""


def _late(source: Metric, prompt: str, over: str = "5m") -> str:
    return f"{total(observed(source, over))} - {total(observed(source, over, prompt))}"


def _failed(over: str = "5m") -> str:
    """Return the requests that failed; 0 where only others have a series."""
    every = total(rate(metrics.API_REQUESTS, over))
    return f"({total(rate(metrics.API_REQUESTS, over, status=FAILED))} or 0 * {every})"


BAD: Final = {
    "decisions": _late(metrics.DECISION_DURATION, PROMPT_DECISION),
    "order_acks": _late(metrics.ORDER_ACK, PROMPT_ACK),
    "feed": f"sum by (bot) (({OPEN_AGES}) > bool {FRESH_QUOTE})",
    "api": _failed(),
}
ALL: Final = {
    "decisions": total(observed(metrics.DECISION_DURATION, "5m")),
    "order_acks": total(observed(metrics.ORDER_ACK, "5m")),
    "feed": f"count by (bot) ({OPEN_AGES})",
    "api": total(rate(metrics.API_REQUESTS, "5m")),
}


def _named(expressions: dict[str, str]) -> str:
    parts = (f'label_replace({expressions[level]}, "slo", "{level}", "", "")' for level in LEVELS)
    return " or ".join(parts)


def _constants(values: dict[str, float]) -> str:
    seen = recordings.SEEN.name
    parts = (f'label_replace(0 * {seen} + {values[level]:g}, "slo", "{level}", "", "")' for level in LEVELS)
    return " or ".join(parts)


def _held(record: Recording, expression: str) -> str:
    """Return what is held while the bot is not alive; the ops endpoint's level goes on without it."""
    api = f"({expression}) and {series(recordings.LEVEL_ALL, slo='api')}"
    kept = f"({series(record, slo=OTHERS)} unless on (bot) {ALIVE}) and on (bot) {recordings.SEEN.name}"
    return f"(({expression}) and on (bot) {ALIVE}) or ({api}) or {kept}"


def _burn(window: str) -> str:
    bad = f"avg_over_time({recordings.LEVEL_BAD.name}[{window}])"
    every = f"avg_over_time({recordings.LEVEL_ALL.name}[{window}])"
    return f"{bad} / ({every} > 0) / ({recordings.LEVEL_BUDGET.name} > 0)"


def _missed(window: str) -> str:
    """Return how many there were: of counters themselves, since a mean says nothing of a short history."""
    counted = {
        "decisions": _late(metrics.DECISION_DURATION, PROMPT_DECISION, window),
        "order_acks": _late(metrics.ORDER_ACK, PROMPT_ACK, window),
        "feed": f"sum by (bot) (avg_over_time({series(recordings.LEVEL_BAD, slo='feed')}[{window}]))",
        "api": _failed(window),
    }
    return _named({level: f"({SECONDS[window]} * ({each}))" for level, each in counted.items()})


EXPRESSIONS: Final[dict[Recording, str]] = {
    recordings.LEVEL_BUDGET: _constants({level: 1 - objective for level, objective in OBJECTIVES.items()}),
    recordings.LEVEL_BAD: _named(BAD),
    recordings.LEVEL_ALL: _named(ALL),
    **{BURN[window]: _held(BURN[window], _burn(window)) for window in WINDOWS},
    **{MISSED[window]: _held(MISSED[window], _missed(window)) for window in MISSED},
    recordings.LEVEL_LEFT: f"1 - {BURN['3d'].name}",
}
