"""Where the trading settings come from: the journal; on an empty one, ``config.yaml`` or the default."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from trading_bot.boot.settings_file import read_config
from trading_bot.contract.errors import NonRetriableError, TickertapeError
from trading_bot.contract.events.lifecycle import Mode, ModeDemanded, SettingsApplied
from trading_bot.contract.settings import Settings, parse_settings, settings_hash
from trading_bot.domain.clock import SECOND
from trading_bot.engine.ledger import Ledger
from trading_bot.engine.modes import OPERATOR_REDUCE_ONLY
from trading_bot.telemetry import ErrorRecorder

WRITING_NS: Final = 5 * SECOND
"""For so long after a change the file may still be the one before; ops needs milliseconds."""

DEFAULT_CONFIG: Final = Path(__file__).with_name("default_config.yaml")


def write_first_config(path: Path, bar: str, symbols: Sequence[str] = ()) -> None:
    """Write the default settings, with this bar interval, where no settings file is yet.

    Args:
        path: the settings file.
        bar: the interval.
        symbols: trade these, by a moving average each, instead of the bundled data's.
    """
    text = DEFAULT_CONFIG.read_text().replace("bar: 1m", f"bar: {bar}")
    if symbols:
        listed = f"[{', '.join(symbols)}]"
        text = re.sub(r"symbols: \[.*\]", f"symbols: {listed}", text)
        text = re.sub(r"  reversion:\n(    .*\n)+", "", text)
    path.write_text(text)


def settings_in_force(ledger: Ledger, config: Path) -> Settings:
    """Return the journal's settings; seed generation 1 of an empty journal first.

    Raises:
        OperatorError: CFG_001 or CFG_002, the file that would seed the journal is not valid.
    """
    current = ledger.state.settings
    if current.settings is not None:
        return parse_settings(current.settings)
    source = config if config.exists() else DEFAULT_CONFIG
    settings = read_config(source)
    ledger.append(
        SettingsApplied(
            generation=1,
            hash=settings_hash(settings),
            settings=msgspec.to_builtins(settings),
            source="seed",
            actor="bot",
            reason=f"the journal was empty; read from {source.name}",
        )
    )
    if settings.begins is not Mode.RUNNING:
        message = "a new journal begins reduce_only, as its settings say"
        ledger.append(
            ModeDemanded(
                mode=settings.begins,
                reason=OPERATOR_REDUCE_ONLY,
                message=message,
                actor="settings",
                standing=True,
            )
        )
    return settings


class DriftWatch:
    """Notices when ``config.yaml`` is not what is in force. Such a file has no effect, and that is said."""

    def __init__(self, config: Path, ledger: Ledger, errors: ErrorRecorder) -> None:
        self._config = config
        self._ledger = ledger
        self._errors = errors
        self._seen: tuple[int, int] | None = None
        self._drift: str | None = None

    def drift(self) -> str | None:
        """Return how the file differs from the settings in force, or None; reads it only when it changed."""
        version = self._version()
        if version != self._seen:
            self._seen = version
            before, self._drift = self._drift, self._compare() if version else None
            if self._drift is not None and self._is_being_written():
                self._seen, self._drift = None, None  # looked at again with the next beat
            if self._drift is not None and self._drift != before:
                self._errors.record(NonRetriableError("CFG_003", self._drift, path=str(self._config)))
        return self._drift

    def _is_being_written(self) -> bool:
        """Whether settings came into force a moment ago: ops writes them into the file when it sees that."""
        state = self._ledger.state
        applied = state.settings.applied_at
        return state.settings.source != "seed" and applied is not None and state.ts - applied < WRITING_NS

    def _version(self) -> tuple[int, int] | None:
        try:
            status = self._config.stat()
        except OSError:
            return None
        return status.st_mtime_ns, self._ledger.state.settings.generation

    def _compare(self) -> str | None:
        try:
            found = settings_hash(read_config(self._config))
        except TickertapeError as error:
            return f"{self._config.name} is not valid and has no effect: {error.message}"
        # The hash on the tape may be another release's, whose settings lack keys that have defaults now.
        if found == settings_hash(parse_settings(self._ledger.state.settings.settings or {})):
            return None
        generation = self._ledger.state.settings.generation
        return f"{self._config.name} differs from generation {generation}, which is in force; the file has no effect"
