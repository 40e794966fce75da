"""Service levels: what is promised, and how fast the budget for missing it is used."""

from __future__ import annotations

from typing import Final

from alerts.promql import ALIVE, observed, rate, series, total
from alerts.recording.market import OPEN_AGES
from alerts.thresholds import FRESH_QUOTE, OBJECTIVES, PROMPT_ACK, PROMPT_DECISION
from trading_bot.contract.telemetry import labels, metrics, recordings
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.contract.telemetry.recordings import BURN, LEVELS, MISSED, WINDOWS, Recording

SECONDS: Final = {"1h": 3_600, "6h": 21_600, "1d": 86_400, "3d": 259_200}
OTHERS: Final = ("decisions", "order_acks", "feed")
"""Those whose numbers come from the bot: without it they stay what they were. The ops endpoint lives without it."""


def _late(source: Metric, prompt: str) -> str:
    return f"{total(observed(source, '5m'))} - {total(observed(source, '5m', prompt))}"


FAILED: Final = tuple(status for status in labels.HTTP_STATUSES if status.startswith("5"))
_REQUESTS: Final = total(rate(metrics.API_REQUESTS, "5m"))

BAD: Final = {
    "decisions": _late(metrics.DECISION_DURATION, PROMPT_DECISION),
    "order_acks": _late(metrics.ORDER_ACK, PROMPT_ACK),
    "feed": f"sum by (bot) (({OPEN_AGES}) > bool {FRESH_QUOTE})",
    "api": f"({total(rate(metrics.API_REQUESTS, '5m', status=FAILED))} or 0 * {_REQUESTS})",
}
ALL: Final = {
    "decisions": total(observed(metrics.DECISION_DURATION, "5m")),
    "order_acks": total(observed(metrics.ORDER_ACK, "5m")),
    "feed": f"count by (bot) ({OPEN_AGES})",
    "api": _REQUESTS,
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
    return f"avg_over_time({recordings.LEVEL_BAD.name}[{window}]) * {SECONDS[window]}"


EXPRESSIONS: Final[dict[Recording, str]] = {
    recordings.LEVEL_BUDGET: _constants({level: 1 - objective for level, objective in OBJECTIVES.items()}),
    recordings.LEVEL_BAD: _named(BAD),
    recordings.LEVEL_ALL: _named(ALL),
    **{BURN[window]: _held(BURN[window], _burn(window)) for window in WINDOWS},
    **{MISSED[window]: _held(MISSED[window], _missed(window)) for window in MISSED},
    recordings.LEVEL_LEFT: f"1 - {BURN['3d'].name}",
}
