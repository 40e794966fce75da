"""Words and colours for what Prometheus can only say in numbers: the same on every board."""

from __future__ import annotations

from typing import Final

from dashboards import look
from dashboards.queries.health import MODES, STATUSES
from trading_bot.contract.events.lifecycle import ConditionStatus, Mode
from trading_bot.contract.telemetry import thresholds as limits

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
FAILS: Final = look.words({"0": ("fails", look.BAD)})
SESSION: Final = look.words({"1": ("open", look.GOOD), "0": ("closed", look.QUIET)})
SCRAPE: Final = look.words({"1": ("scraped", look.GOOD), "0": ("UNREACHABLE", look.BAD)})
SEVERITY: Final = look.words({"critical": ("critical", look.BAD), "warning": ("warning", look.CAREFUL)})
WARNED: Final = look.words({"0": ("no", look.GOOD), "1": ("HALF USED", look.CAREFUL)})
KNOWN: Final = look.words({"1": ("known", look.GOOD), "0": ("NOT KNOWN", look.BAD)})
PROTECTED: Final = look.words({"0": ("protected", look.GOOD), "1": ("stop missing", look.BAD)})
BREAKER_BAND: Final = look.words({"0": ("closed", look.GOOD), "1": ("open", look.BAD)})
WAITING: Final = look.words({"0": ("none", look.GOOD), "1": ("WAITING", look.CAREFUL)})
DRIFTED: Final = look.words({"0": ("as in the file", look.GOOD), "1": ("FILE DIFFERS", look.CAREFUL)})
EXECUTION: Final = look.words(
    {
        "completed": ("completed", look.GOOD),
        "compensated": ("compensated", look.CAREFUL),
        "cancelled": ("cancelled", look.NEUTRAL),
        "failed": ("FAILED", look.BAD),
    }
)
LEVELS: Final = look.words(
    {
        "decisions": (f"Decisions taken within {float(limits.PROMPT_DECISION) * 1000:g} ms", look.QUIET),
        "order_acks": (f"Orders acknowledged within {float(limits.PROMPT_ACK):g} s", look.QUIET),
        "feed": (f"Quotes younger than {limits.FRESH_QUOTE} s while the session is open", look.QUIET),
        "api": ("Requests answered without a failure of ours", look.QUIET),
    }
)
