"""The table of all checks, and the way through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.settings import BootSettings, load_settings
from trading_bot.contract.errors import TickertapeError, describe
from trading_bot.doctor import agreement, folder, machine, tapes
from trading_bot.doctor.finding import Finding, unknown
from trading_bot.doctor.patient import Patient

Check = Callable[[Patient], Iterator[Finding]]

CHECKS: Final[Mapping[str, Check]] = {
    "boot settings": folder.boot_settings,
    "home": folder.home,
    "file system": folder.file_system,
    "owners": folder.owners,
    "keys": folder.key_files,
    "locks": folder.locks,
    "bot": folder.beacon,
    "halt": folder.halt_file,
    "sqlite": machine.sqlite,
    "disk": machine.disk,
    "clock": machine.clock,
    "ports": machine.ports,
    "descriptors": machine.descriptors,
    "pages": tapes.pages,
    "fold": tapes.fold,
    "books": agreement.books,
    "configuration": agreement.configuration,
}
"""In the order in which they are told: what would explain the rest comes first."""


def examine(home: Path) -> list[Finding]:
    """Return what every check found, in the order of the table.

    Args:
        home: the home folder, which exists.
    """
    settings, fault = _settings(home)
    with Patient(settings, SystemClock(), fault) as patient:
        return [finding for name, check in CHECKS.items() for finding in _asked(name, check, patient)]


def _settings(home: Path) -> tuple[BootSettings, TickertapeError | None]:
    try:
        return load_settings(home), None
    except TickertapeError as error:
        return BootSettings(home=home.absolute()), error


def _asked(name: str, check: Check, patient: Patient) -> list[Finding]:
    """Return a check's findings; one that fails itself must not hide the others."""
    try:
        return list(check(patient))
    except Exception as error:  # noqa: BLE001 - the top of each check
        return [unknown(name, f"could not be looked at: {describe(error)}")]
