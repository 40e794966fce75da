"""Mode and settings as they are shown."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from exporter.ops.representations.values import Unknown, without_nulls
from exporter.ops.representations.words import NOTHING_RECORDED
from trading_bot.domain.state import State

NO_SETTINGS: Final = "no settings have been applied yet"


class ConfigSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Mode and settings. ``observed_generation`` is the one that the bot says is in force."""

    mode: str | None
    mode_reason: str | None
    strategy: dict[str, str] | None
    limits: dict[str, Any] | None
    generation: int | None
    observed_generation: int | None
    unknown: Unknown


def represent_settings(state: State) -> ConfigSummary:
    """Return the settings in force, as the bot acknowledged them."""
    known = state.settings
    settings = known.settings
    nothing = None if state.seq else NOTHING_RECORDED
    unset = nothing or (NO_SETTINGS if settings is None else None)
    generation = None if unset else known.generation
    return ConfigSummary(
        mode=None if nothing else state.mode.mode,
        mode_reason=None if nothing else f"{state.mode.reason}: {state.mode.message}",
        strategy=None if settings is None else _strategies(settings),
        limits=None if settings is None else dict(settings.get("limits", {})),
        generation=generation,
        observed_generation=generation,
        unknown=without_nulls(
            {
                "mode": nothing,
                **dict.fromkeys(("strategy", "limits", "generation", "observed_generation"), unset),
            }
        ),
    )


def _strategies(settings: dict[str, Any]) -> dict[str, str]:
    """Return what kind each strategy is, by its name."""
    return {name: str(one.get("kind", "")) for name, one in settings.get("strategies", {}).items()}
