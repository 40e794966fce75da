"""The file of the trading settings: read by whoever starts, rewritten by ops alone, whole or not at all."""

from __future__ import annotations

import os
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from trading_bot.contract.errors import OperatorError
from trading_bot.contract.settings import Settings, parse_settings

NEW_MODE: Final = 0o644
WIDTH: Final = 100


def read_config(path: Path) -> Settings:
    """Return the settings in a YAML file.

    Raises:
        OperatorError: CFG_002 when it cannot be read, CFG_001 when it is not valid.
    """
    try:
        return parse_settings(read_document(path.read_text(), path))
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError("CFG_002", f"{path} cannot be read", path=str(path)) from error


def read_document(text: str, path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML text that was read from ``path``.

    Raises:
        OperatorError: CFG_002 when it is no YAML, CFG_001 when it is no mapping.
    """
    try:
        document: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        place = getattr(error, "problem_mark", None)
        where = f" in line {place.line + 1}" if place is not None else ""
        raise OperatorError("CFG_002", f"{path} cannot be read{where}", path=str(path)) from error
    if not isinstance(document, dict):
        found = type(document).__name__
        raise OperatorError(
            "CFG_001", f"{path}: expected a mapping of settings, found {found}", path=str(path)
        )
    return document


def settings_text(settings: Settings, *comments: str) -> str:
    """Return all settings as YAML under comment lines."""
    plain = _numbers(msgspec.to_builtins(settings, builtin_types=(Decimal,)))
    dumped = yaml.safe_dump(plain, sort_keys=False, default_flow_style=None, width=WIDTH, allow_unicode=True)
    return "".join(f"# {line}\n" for line in comments) + dumped


def replace_file(path: Path, text: str) -> None:
    """Put ``text`` in place of a file, so that a reader or a crash finds the old one or the new one.

    The mode stays as it was.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        mode = NEW_MODE
    beside = path.with_name(f".{path.name}.new")  # one name: what a crash leaves is written over
    try:
        with beside.open("w") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder survive a power loss."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _numbers(value: Any) -> Any:
    """Return decimals as numbers where those say the same, so that people need not quote them."""
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(item) for item in value]
    if not isinstance(value, Decimal):
        return value
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else str(value)
