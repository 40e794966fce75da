"""Trading settings: one model, with bounds, meaning, and what a change of each key implies.

They live on the journal (``settings.applied``); ``config.yaml`` seeds an empty journal.
"""

from trading_bot.contract.settings.document import parse_settings, settings_hash
from trading_bot.contract.settings.limits import Breakers, Limits
from trading_bot.contract.settings.model import Settings
from trading_bot.contract.settings.orders import Execution, Policy, Protection, Reconciliation
from trading_bot.contract.settings.schema import settings_schema
from trading_bot.contract.settings.strategies import MeanReversion, SmaCross, StrategySettings
from trading_bot.contract.settings.timing import CALENDARS, Intervals, Session, Telemetry

__all__ = [
    "CALENDARS",
    "Breakers",
    "Execution",
    "Intervals",
    "Limits",
    "MeanReversion",
    "Policy",
    "Protection",
    "Reconciliation",
    "Session",
    "Settings",
    "SmaCross",
    "StrategySettings",
    "Telemetry",
    "parse_settings",
    "settings_hash",
    "settings_schema",
]
