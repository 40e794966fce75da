"""A settings document: read with every fault named, and told from another by its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from trading_bot.contract.errors.definition import OperatorError
from trading_bot.contract.settings.model import Settings


def parse_settings(document: Mapping[str, Any]) -> Settings:
    """Return the settings in ``document`` (decoded YAML or JSON; money as number or decimal string).

    Raises:
        OperatorError: CFG_001, with ``errors`` in its context: every fault with field, expected, found
            and a valid example.
    """
    from trading_bot.contract.settings.validation import validated  # noqa: PLC0415 - 90 ms, needed only for changes

    settings, faults = validated(document)
    if settings is not None:
        return settings
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    message = (
        f"{first.field}: expected {first.expected}, found {first.found}; for example {first.example}{more}"
    )
    raise OperatorError("CFG_001", message, errors=[msgspec.to_builtins(fault) for fault in faults])


def settings_hash(settings: Settings) -> str:
    """Return the SHA-256 of the settings' canonical JSON, 64 hex digits: 5000 and 5000.0 are the same."""
    plain = msgspec.to_builtins(settings, builtin_types=(Decimal,))
    return hashlib.sha256(msgspec.json.encode(_canonical(plain), order="deterministic")).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value
