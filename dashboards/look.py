"""What every board looks like: colours that mean one thing everywhere, thresholds, words for numbers."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model

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

MONEY: Final = "currency:financial:$"
SHARE: Final = "percentunit"
SECONDS: Final = "s"
PER_MINUTE: Final = "suffix:/min"
PER_SECOND: Final = "suffix:/s"
COUNT: Final = "short"
BASIS_POINTS: Final = "suffix: bp"
BYTES: Final = "bytes"

SILENT: Final = "not known: the bot is silent"
"""What a panel of live state says when its series are gone: a dead value is not shown."""

Steps = tuple[tuple[float | None, str], ...]
"""From which value on which colour; the first has no value."""

PLAIN: Final[Steps] = ((None, NEUTRAL),)
NONE_IS_GOOD: Final[Steps] = ((None, GOOD), (0.001, BAD))
SOME_IS_CAREFUL: Final[Steps] = ((None, GOOD), (0.001, CAREFUL))
SOME_IS_TROUBLE: Final[Steps] = ((None, GOOD), (0.001, WARNING))
PROFIT: Final[Steps] = ((None, BAD), (0, GOOD))
UTILISATION: Final[Steps] = ((None, GOOD), (0.7, CAREFUL), (0.9, BAD))
"""Of a limit: look at it from 70 % on, act from 90 % on; at 100 % the bot acts by itself."""
BUDGET_LEFT: Final[Steps] = ((None, BAD), (0.1, CAREFUL), (0.3, GOOD))
HEARTBEAT: Final[Steps] = ((None, GOOD), (3, BAD))
"""Seconds: a bot is silent when its heartbeat is older than three of its intervals."""
SPARSE: Final = "30s"
"""Smallest interval for what happens a few times a minute: shorter ones draw noise."""
DURATION: Final = "dtdurations"
"""Seconds in words: 3 minutes, 2 days."""
BACKGROUND: Final = common.BigValueColorMode.BACKGROUND_SOLID
NAME: Final = common.BigValueTextMode.NAME
"""Show a series' name instead of its value."""
ALWAYS: Final = common.VisibilityMode.ALWAYS

QUOTE_AGE: Final[Steps] = ((None, GOOD), (5, BAD))
"""Seconds: stale_after_seconds."""
UNKNOWN_AGE: Final[Steps] = ((None, GOOD), (0.001, CAREFUL), (30, BAD))
"""Seconds: the first reconciliation after the doubt should have settled it."""
RECONCILED: Final[Steps] = ((None, GOOD), (60, CAREFUL), (180, BAD))
"""Seconds: two and six times reconcile_seconds."""
SNAPSHOT: Final[Steps] = ((None, GOOD), (90, CAREFUL), (600, BAD))
"""Seconds: three times snapshot_seconds."""
QUEUE: Final[Steps] = ((None, GOOD), (100, CAREFUL), (1000, BAD))
FILL_SHARE: Final[Steps] = ((None, BAD), (0.8, CAREFUL), (0.95, GOOD))
REJECT_SHARE: Final[Steps] = ((None, GOOD), (0.01, CAREFUL), (0.05, BAD))


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
