"""Service levels: what is promised, and how fast the budget for missing it is used."""

from __future__ import annotations

from typing import Final

from alerts.promql import ALIVE, observed, rate, series, total
from alerts.recording.market import OPEN_AGES
from trading_bot.contract.telemetry import labels, metrics, recordings
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.contract.telemetry.recordings import BURN, LEVELS, MISSED, WINDOWS, Recording
from trading_bot.contract.telemetry.thresholds import FRESH_QUOTE, OBJECTIVES, PROMPT_ACK, PROMPT_DECISION

SECONDS: Final = {"1h": 3_600, "6h": 21_600}
TENS: Final = {"30m": 3, "1h": 6, "2h": 12, "6h": 36, "1d": 144, "3d": 432}
"""How often ten minutes fit into the windows that a young bot has not filled yet."""
FAILED: Final = tuple(status for status in labels.HTTP_STATUSES if status.startswith("5"))


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


def _held(level: str, record: Recording, expression: str) -> str:
    """Return what stays while the bot is not alive; the ops endpoint lives without it."""
    if level == "api":
        return expression
    kept = f"({series(record, slo=level)} unless on (bot) {ALIVE}) and on (bot) {recordings.SEEN.name}"
    return f"(({expression}) and on (bot) {ALIVE}) or {kept}"


def _burn(level: str, window: str) -> str:
    bad = f"avg_over_time({series(recordings.LEVEL_BAD, slo=level)}[{window}])"
    every = f"avg_over_time({series(recordings.LEVEL_ALL, slo=level)}[{window}])"
    burn = f"{bad} / ({every} > 0) / ({series(recordings.LEVEL_BUDGET, slo=level)} > 0)"
    return f"{_known(level, window)} * {burn}" if window in TENS else burn


def _known(level: str, window: str) -> str:
    """Return the part of the window in which the bot was known: what was before has used no budget."""
    budget = series(recordings.LEVEL_BUDGET, slo=level)
    samples = f"{TENS[window]} * count_over_time({budget}[10m])"
    return f"clamp_max(count_over_time({budget}[{window}]) / ({samples}), 1)"


def _missed(level: str, window: str) -> str:
    """Return how many there were: of counters themselves, of quotes the mean over the time that is known."""
    counted = {
        "decisions": _late(metrics.DECISION_DURATION, PROMPT_DECISION, window),
        "order_acks": _late(metrics.ORDER_ACK, PROMPT_ACK, window),
        "feed": f"{_known('feed', window)} * avg_over_time({series(recordings.LEVEL_BAD, slo='feed')}[{window}])",
        "api": _failed(window),
    }
    return f"{SECONDS[window]} * ({counted[level]})"


def _of(level: str) -> dict[Recording, str]:
    return {
        recordings.LEVEL_BUDGET: f"0 * {recordings.SEEN.name} + {1 - OBJECTIVES[level]:g}",
        recordings.LEVEL_BAD: BAD[level],
        recordings.LEVEL_ALL: ALL[level],
        **{BURN[window]: _held(level, BURN[window], _burn(level, window)) for window in WINDOWS},
        **{MISSED[window]: _held(level, MISSED[window], _missed(level, window)) for window in MISSED},
        recordings.LEVEL_LEFT: f"1 - {series(BURN['3d'], slo=level)}",
    }


EXPRESSIONS: Final[dict[str, dict[Recording, str]]] = {level: _of(level) for level in LEVELS}
"""By level; a rule puts its name into the label ``slo``."""
