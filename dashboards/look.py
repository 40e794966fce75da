"""What every board looks like: colours that mean one thing everywhere, thresholds, words for numbers."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model

from trading_bot.contract.telemetry import thresholds as limits

GOOD: Final = "green"
CAREFUL: Final = "yellow"
WARNING: Final = "orange"
BAD: Final = "red"
NEUTRAL: Final = "blue"
UNKNOWN: Final = "purple"
"""Not known is a state of its own: neither good nor bad."""
QUIET: Final = "text"

PROMETHEUS: Final = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
LOKI: Final = common.DataSourceRef(type_val="loki", uid="${loki}")

MONEY: Final = "currency:financial: USD:suffix"
"""Behind the number, as everywhere in the product: in front of it, Grafana writes `$-5.97` for a loss."""
SHARE: Final = "percentunit"
SECONDS: Final = "s"
PER_MINUTE: Final = "suffix:/min"
PER_SECOND: Final = "suffix:/s"
COUNT: Final = "short"
BASIS_POINTS: Final = "suffix:bp"
BYTES: Final = "bytes"

SILENT: Final = "not known: the bot is silent"
"""What a panel of live state says when its series are gone: a dead value is not shown."""

Steps = tuple[tuple[float | None, str], ...]
"""From which value on which colour; the first has no value."""

PLAIN: Final[Steps] = ((None, NEUTRAL),)
NONE_IS_GOOD: Final[Steps] = ((None, GOOD), (0.001, BAD))
SOME_IS_CAREFUL: Final[Steps] = ((None, GOOD), (0.001, CAREFUL))
SOME_IS_TROUBLE: Final[Steps] = ((None, GOOD), (0.001, WARNING))
PROFIT: Final[Steps] = ((None, BAD), (-0.005, GOOD))
"""What is shown as 0.00 is no loss: rounding leaves such remains of positions."""
UTILISATION: Final[Steps] = ((None, GOOD), (limits.LOSS_WARNING, CAREFUL), (limits.EXPOSURE_WARNING, BAD))
"""Of a limit: look at it where the first alert does, act where the last does; at 100 % the bot acts by itself."""
BUDGET_LEFT: Final[Steps] = (
    (None, BAD),
    (round(1 - limits.EXPOSURE_WARNING, 2), CAREFUL),
    (round(1 - limits.LOSS_WARNING, 2), GOOD),
)
HEARTBEAT: Final[Steps] = ((None, GOOD), (3, BAD))
"""Seconds: a bot is silent when its heartbeat is older than three of its intervals."""
SPARSE: Final = "30s"
"""Smallest interval for what happens a few times a minute: shorter ones draw noise."""
SCRAPE: Final = "1s"
"""Smallest interval for states: what was so for seconds only is seen too."""
DURATION: Final = "dtdurations"
"""Seconds in words: 3 minutes, 2 days."""
BACKGROUND: Final = common.BigValueColorMode.BACKGROUND_SOLID
NAME: Final = common.BigValueTextMode.NAME
"""Show a series' name instead of its value."""
ALWAYS: Final = common.VisibilityMode.ALWAYS

QUOTE_AGE: Final[Steps] = ((None, GOOD), (limits.FRESH_QUOTE, CAREFUL), (limits.STALE_QUOTE, BAD))
"""Seconds: from stale_after_seconds on its symbol is blocked; what is older yet does not come back by itself."""
UNKNOWN_AGE: Final[Steps] = ((None, GOOD), (0.001, CAREFUL), (30, BAD))
"""Seconds: the first reconciliation after the doubt should have settled it."""
RECONCILED: Final[Steps] = ((None, GOOD), (60, CAREFUL), (limits.RECONCILED, BAD))
"""Seconds: two and six times reconcile_seconds."""
SNAPSHOT: Final[Steps] = ((None, GOOD), (90, CAREFUL), (600, BAD))
"""Seconds: three times snapshot_seconds."""
QUEUE: Final[Steps] = ((None, GOOD), (100, CAREFUL), (1000, BAD))
FILL_SHARE: Final[Steps] = ((None, BAD), (limits.FILLED, CAREFUL), (0.95, GOOD))
REJECT_SHARE: Final[Steps] = ((None, GOOD), (0.01, CAREFUL), (limits.REJECTED, BAD))
RATE_LIMIT: Final[Steps] = ((None, GOOD), (limits.RATE_LIMIT, BAD))
DISK_LEFT: Final[Steps] = ((None, GOOD), (0, BAD), (limits.DISK_LEFT, CAREFUL), (7 * limits.DISK_LEFT, GOOD))
DISK_FREE: Final[Steps] = ((None, BAD), (limits.DISK_FREE, CAREFUL), (4 * limits.DISK_FREE, GOOD))
CALENDAR_LEFT: Final[Steps] = ((None, GOOD), (-1e12, BAD), (limits.CALENDAR_LEFT, GOOD))
WORKFLOW_AGE: Final[Steps] = ((None, GOOD), (limits.WORKFLOW_AGE, BAD))
BURN: Final[Steps] = ((None, GOOD), (limits.SLOWEST_BURN, CAREFUL), (limits.FAST_BURN, BAD))
"""Times what a service level allows: from 1 on its budget does not last, from the last on a person is called."""
LEVEL_LEFT: Final[Steps] = ((None, BAD), (0, CAREFUL), (0.5, GOOD))
"""Of the error budget of three days: none is left, less than half is left, more is left."""


def thresholds(steps: Steps) -> build.ThresholdsConfig:
    """Return thresholds in absolute values."""
    return (
        build.ThresholdsConfig()
        .mode(model.ThresholdsMode.ABSOLUTE)
        .steps([model.Threshold(value=value, color=colour) for value, colour in steps])
    )


def colour_by(mode: model.FieldColorModeId, fixed: str | None = None) -> build.FieldColor:
    """Return how a panel's values are coloured."""
    colour = build.FieldColor().mode(mode)
    return colour if fixed is None else colour.fixed_color(fixed)


def words(meanings: dict[str, tuple[str, str]]) -> model.ValueMap:
    """Return a mapping from values to text and colour."""
    return model.ValueMap(
        options={
            value: model.ValueMappingResult(text=text, color=colour, index=index)
            for index, (value, (text, colour)) in enumerate(meanings.items())
        }
    )
