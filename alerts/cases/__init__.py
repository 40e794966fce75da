"""By hand: which numbers keep an alert quiet, fire it and resolve it, and what every record says."""

from __future__ import annotations

from typing import Final

from alerts.cases import bot, feed, machinery, orders, reconciliation, risk, venue
from alerts.cases.case import Case, Silence
from alerts.cases.world import ANSWERS, MOMENT, WORLD

_SUBJECTS: Final = (bot, feed, venue, orders, risk, reconciliation, machinery)
CASES: Final[tuple[Case, ...]] = tuple(case for subject in _SUBJECTS for case in subject.CASES)
SILENCES: Final[tuple[Silence, ...]] = tuple(case for subject in _SUBJECTS for case in subject.SILENCES)

__all__ = ["ANSWERS", "CASES", "MOMENT", "SILENCES", "WORLD"]
