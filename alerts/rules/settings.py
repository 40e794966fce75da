"""Settings: what is in force, what waits, what came back."""

from __future__ import annotations

from typing import Final

from alerts.promql import increase, largest, latest, least, total
from alerts.rule import Alert, Component, Panel, Severity, Time, asked
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.thresholds import PENDING

_GENERATION: Final = asked("tradingbot_settings_generation{bot=%q}", "value")

ALERTS: Final = (
    Alert(
        name="SettingsPending",
        severity=Severity.WARNING,
        component=Component.SETTINGS,
        expression=f"{largest(least(metrics.SETTINGS_PENDING, PENDING))} == 1",
        lasting=Time("1m", "the window may have only just begun to be seen"),
        keeps=Time("1m", "answered is answered"),
        summary="A change of settings was asked for and is not in force",
        description=f"{{{{ $labels.bot }}}} has not answered a change of settings for {PENDING}; "
        f"generation {_GENERATION} is still in force.",
        impact="Somebody believes that new limits hold, and the old ones do.",
        first_step="tickertape control list: was it answered? Then tickertape status: is the bot alive?",
        panel=Panel("operations", 102),
    ),
    Alert(
        name="SettingsDrift",
        severity=Severity.WARNING,
        component=Component.SETTINGS,
        expression=f"{largest(latest(metrics.SETTINGS_DRIFT))} == 1",
        lasting=Time("5m", "who edits the file adopts it within minutes"),
        keeps=Time("1m", "a file that is being edited changes often"),
        summary="config.yaml is not what is in force",
        description=f"The file of {{{{ $labels.bot }}}} differs for 5 minutes from what is in force, "
        f"generation {_GENERATION}.",
        impact="None on trading: the file has no effect. But who reads it is misled, about limits too.",
        first_step="tickertape config diff, then adopt the file or write it anew from what is in force.",
        panel=Panel("operations", 103),
    ),
    Alert(
        name="SettingsRolledBack",
        severity=Severity.WARNING,
        component=Component.SETTINGS,
        expression=f"{total(increase(metrics.SETTINGS_ROLLBACKS, '15m'))} > 0",
        lasting=Time("0s", "a return to earlier settings is never chance"),
        keeps=Time("0s", "it is counted for a quarter of an hour"),
        summary="Settings went back to earlier ones",
        description='{{ $labels.bot }} returned to earlier settings {{ $value | printf "%.0f" }}x in the last '
        "15 minutes, by itself in their probation or because it was asked to.",
        impact="The earlier settings are in force. If nobody asked for it, the new ones did not keep the bot healthy.",
        first_step="tickertape config history says who went back, from which generation, and on what.",
        panel=Panel("operations", 104),
    ),
)
