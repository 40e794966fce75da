"""Words and colours for what Prometheus can only say in numbers: the same on every board."""

from __future__ import annotations

from typing import Final

from dashboards import look
from dashboards.queries.health import MODES, STATUSES
from trading_bot.contract.events.lifecycle import ConditionStatus, Mode

ALIVE: Final = look.words({"1": ("ALIVE", look.GOOD), "0": ("DOWN", look.BAD)})
MODE: Final = look.words(
    {
        str(MODES[Mode.RUNNING]): ("running", look.GOOD),
        str(MODES[Mode.REDUCE_ONLY]): ("reduce only", look.CAREFUL),
        str(MODES[Mode.PAUSED]): ("paused", look.WARNING),
        str(MODES[Mode.HALTED]): ("HALTED", look.BAD),
    }
)
STATUS: Final = look.words(
    {
        str(STATUSES[ConditionStatus.TRUE]): ("True", look.GOOD),
        str(STATUSES[ConditionStatus.UNKNOWN]): ("Unknown", look.UNKNOWN),
        str(STATUSES[ConditionStatus.FALSE]): ("False", look.BAD),
    }
)
BREAKER: Final = look.words({"0": ("closed", look.GOOD), "1": ("OPEN", look.BAD)})
SWITCH: Final = look.words({"0": ("off", look.GOOD), "1": ("ENGAGED", look.BAD)})
BLOCKED: Final = look.words({"0": ("free", look.GOOD), "1": ("blocked", look.WARNING)})
NAMED_BLOCK: Final = look.words({"1": ("blocked", look.WARNING)})
FAILS: Final = look.words({"0": ("fails", look.BAD)})
SESSION: Final = look.words({"1": ("open", look.GOOD), "0": ("closed", look.QUIET)})
SCRAPE: Final = look.words({"1": ("scraped", look.GOOD), "0": ("UNREACHABLE", look.BAD)})
